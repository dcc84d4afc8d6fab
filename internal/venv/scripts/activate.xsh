# Activates this virtual environment in xonsh:
#     source @bin@/activate.xsh
# The alias `deactivate` leaves it again.


class _VirtualEnvironment:
    def __init__(self):
        from os.path import basename, dirname, join, realpath

        self.root = dirname(dirname(realpath(__file__)))
        self.bin = join(self.root, @bin@)
        self.embedded_virtual_prompt = @prompt@
        self.name = self.embedded_virtual_prompt or basename(self.root)
        self.old = {}

    def change(self, name, value):
        self.old[name] = __xonsh__.env[name] if name in __xonsh__.env else None
        if value is None:
            __xonsh__.env.pop(name, None)
        else:
            __xonsh__.env[name] = value

    def activate(self):
        active = aliases.get("deactivate")
        if active is not None:
            active([])
        self.change("VIRTUAL_ENV", self.root)
        self.change("VIRTUAL_ENV_PROMPT", self.name)
        self.change("PATH", [self.bin, *__xonsh__.env["PATH"]])
        self.change("PYTHONHOME", None)
        # The base Python's pydoc would not see this environment.
        aliases["pydoc"] = ["python", "-m", "pydoc"]
        aliases["deactivate"] = self.deactivate

    def deactivate(self, args=None):
        for name in list(self.old):
            value = self.old.pop(name)
            if value is None:
                __xonsh__.env.pop(name, None)
            else:
                __xonsh__.env[name] = value
        for name in ("pydoc", "deactivate"):
            aliases.pop(name, None)


_VirtualEnvironment().activate()
