# Runs the hooks of a build backend (PEP 517, PEP 660): reads one request a line
# in JSON and answers with one line. It must run on every Python that projects
# are built with, so it uses nothing newer than 3.6 has.
import importlib
import json
import os
import sys
import traceback

requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
# The backend and its children read nothing, and write where output is captured.
null = os.open(os.devnull, os.O_RDONLY)
os.dup2(null, 0)
os.close(null)
os.dup2(2, 1)
if hasattr(sys.stdout, "reconfigure"):
    sys.stdout.reconfigure(line_buffering=True)
# The source tree is importable only as far as backend-path says.
if sys.path and sys.path[0] == "":
    del sys.path[0]

backend = None


def answer(**fields):
    sys.stdout.flush()
    sys.stderr.flush()
    answers.write(json.dumps(fields) + "\n")
    answers.flush()


def load(path, name):
    global backend
    sys.path[:0] = path
    module, _, names = name.partition(":")
    backend = importlib.import_module(module)
    for part in filter(None, names.split(".")):
        backend = getattr(backend, part)
    return None


def text(value):
    # Some backends return paths.
    return os.fspath(value) if hasattr(value, "__fspath__") else value


def run(hook, args):
    function = getattr(backend, hook, None)
    if function is None:
        return answer(missing=True)
    value = function(*args)
    if isinstance(value, (list, tuple)):
        value = [str(text(v)) for v in value]
    elif value is not None:
        value = str(text(value))
    answer(value=value)


def serve():
    for line in requests:
        request = json.loads(line)
        try:
            if request["hook"] == "":
                answer(value=load(*request["args"]))
            else:
                run(request["hook"], request["args"])
        except BaseException as e:
            kind, error, trace = sys.exc_info()
            # The first frames are those of this program.
            while trace is not None and trace.tb_frame.f_code.co_filename == "<string>":
                trace = trace.tb_next
            traceback.print_exception(kind, error, trace)
            answer(failed=kind.__name__, message=str(error))


try:
    serve()
except KeyboardInterrupt:
    pass
