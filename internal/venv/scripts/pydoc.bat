@rem The base Python's pydoc would not see this environment.
@python.exe -m pydoc %*
