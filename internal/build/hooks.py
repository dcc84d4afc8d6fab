# Runs the hooks of a build backend (PEP 517, PEP 660): reads one request a line
# in JSON and answers with one line. It must run on every Python that projects
# are built with, so it uses nothing newer than 3.6 has.
import atexit
import gc
import importlib
import json
import os
import sys
import threading
import traceback

requests = answers = None
backend = None
current = None  # the request's number, which its answer bears


def connect():
    global requests, answers
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # The backend and its children read nothing, and write where output is captured.
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True)


def answer(**fields):
    sys.stdout.flush()
    sys.stderr.flush()
    answers.write(json.dumps(dict(fields, id=current)) + "\n")
    answers.flush()


def load(path, name, given):
    global backend
    sys.path[:0] = path
    module, _, names = name.partition(":")
    # Bytecode of what lies in an environment of the cache serves further
    # builds; in a source tree nothing is written against the user's will.
    keep = sys.dont_write_bytecode
    sys.dont_write_bytecode = keep and (bool(path) or given)
    try:
        backend = importlib.import_module(module)
    finally:
        sys.dont_write_bytecode = keep
    for part in filter(None, names.split(".")):
        backend = getattr(backend, part)
    # What is here now is left alone by the collector, and so stays shared with forks.
    if hasattr(gc, "freeze"):
        gc.freeze()
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


def attempt(action):
    try:
        action()
    except BaseException:
        kind, error, trace = sys.exc_info()
        # The first frames are those of this program.
        while trace is not None and trace.tb_frame.f_code.co_filename == "<string>":
            trace = trace.tb_next
        traceback.print_exception(kind, error, trace)
        answer(failed=kind.__name__, message=str(error))


def apart(action):
    """Runs a hook in a process of its own, as backends expect it: what one hook
    changes in the interpreter is not there for the next one."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            attempt(action)
            code = 0
            finish = getattr(atexit, "_run_exitfuncs", None)
            if finish is not None:
                finish()
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    # If it ended before it could answer, this is the answer, also where the backend
    # claims success. Otherwise nobody waits for this one.
    how = "signal %d" % (status & 127) if status & 127 else "exit status %d" % (status >> 8)
    answer(failed="SystemExit", message="the backend ended its process (" + how + ")")


def serve():
    global current
    # A fork of a process with several threads, or on macOS, may hang.
    forks = hasattr(os, "fork") and sys.platform.startswith("linux")
    for line in requests:
        request = json.loads(line)
        current = request["id"]
        if request["hook"] == "":
            attempt(lambda: answer(value=load(*request["args"])))
            continue
        action = lambda: run(request["hook"], request["args"])
        if forks and threading.active_count() == 1:
            apart(action)
        else:
            attempt(action)


def host(name):
    """Imports a backend and forks for every build that is to have it; returns only
    in those forks. A message brings a directory and the descriptors for requests,
    answers and output, and is answered with the number of the process, which stays
    taken until a message asks how it ended."""
    import socket

    link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, 3)
    load([], name, False)
    reply = {"forks": threading.active_count() == 1}
    while True:
        link.send(json.dumps(reply).encode())
        text, control, _, _ = link.recvmsg(1 << 16, socket.CMSG_SPACE(3 * 4))
        if not text:
            os._exit(0)
        message = json.loads(text.decode())
        if "end" in message:
            reply = {"status": os.waitpid(message["end"], 0)[1]}
            continue
        files = [int.from_bytes(control[0][2][i : i + 4], sys.byteorder) for i in (0, 4, 8)]
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            link.close()
            os.setpgid(0, 0)
            for i, fd in enumerate(files):
                os.dup2(fd, i)
                os.close(fd)
            os.chdir(message["dir"])
            return
        for fd in files:
            os.close(fd)
        try:
            os.setpgid(pid, pid)
        except OSError:
            pass  # it has done so itself, and ended perhaps
        reply = {"pid": pid}


# The source tree is importable only as far as backend-path says.
if sys.path and sys.path[0] == "":
    del sys.path[0]
try:
    if len(sys.argv) > 1:
        host(sys.argv.pop())
    connect()
    serve()
except KeyboardInterrupt:
    pass
