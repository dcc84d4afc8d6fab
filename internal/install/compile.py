# Compiles the files named on standard input, one a line, and answers each
# name when it is done. Errors in a file are no concern of an installer: many
# wheels carry files for other versions of the language.
#
# Arguments, if there are any: a directory and a name that no file has. Then the
# bytecode of files whose name is followed by a NUL is also written into a file
# in that directory, to be used in other environments. Python writes the name of
# the source into it, so the file is compiled under the name that no file has,
# and its own takes that place afterwards.
import gc
import marshal
import os
import sys
import warnings
from importlib import util

MODES = ("TIMESTAMP", "CHECKED_HASH", "UNCHECKED_HASH")


def invalidation_mode():
    name = os.environ.get("PYC_INVALIDATION_MODE")
    if name is None:
        return "CHECKED_HASH" if os.environ.get("SOURCE_DATE_EPOCH") else "TIMESTAMP"
    if name in MODES:
        return name
    valid = ", ".join('"%s"' % mode for mode in MODES)
    sys.exit('Invalid value for PYC_INVALIDATION_MODE "%s", valid are %s' % (name, valid))


def by_compileall(mode):
    import compileall
    import py_compile

    if sys.version_info < (3, 7):  # there was one mode only, and another header
        return lambda path, keep: compileall.compile_file(path, quiet=2)
    mode = py_compile.PycInvalidationMode[mode]
    # compileall takes a file with a time stamp for fresh even when a hash is
    # asked for, unless forced.
    force = mode != py_compile.PycInvalidationMode.TIMESTAMP

    def compile_file(path, keep):
        compileall.compile_file(path, invalidation_mode=mode, force=force, quiet=2)

    return compile_file


def word(number):
    return (number & 0xFFFFFFFF).to_bytes(4, "little")


def text(kind, name):
    """What module marshal makes of a name, interned or not as its type says."""
    data = name.encode("utf-8", "surrogatepass")
    interned = kind & 0x7F == ord("Z")
    if not name.isascii():
        return bytes([ord("t" if interned else "u") | kind & 0x80]) + word(len(data)) + data
    if len(data) > 255:
        return bytes([ord("A" if interned else "a") | kind & 0x80]) + word(len(data)) + data
    return bytes([kind, len(data)]) + data


def code_of(source, name):
    # With a name of its own, so that marshal writes it as one that may be
    # referred to, as it does for py_compile.
    code = compile(source, name, "exec", dont_inherit=True)
    return marshal.dumps(code)


class Compiler:
    """Does what py_compile does, without importing it, and keeps what it made."""

    def __init__(self, mode, directory=None, nowhere=None):
        self.mode = mode
        self.directory = directory
        self.nowhere = nowhere
        self.mark = nowhere and bytes([len(nowhere)]) + nowhere.encode("ascii")
        self.spool = None

    def header(self, source, stat):
        if self.mode == "TIMESTAMP":
            return util.MAGIC_NUMBER + word(0) + word(int(stat.st_mtime)) + word(stat.st_size)
        flags = 3 if self.mode == "CHECKED_HASH" else 1
        return util.MAGIC_NUMBER + word(flags) + util.source_hash(source)

    def is_fresh(self, target, stat):
        if self.mode != "TIMESTAMP":
            return False
        try:
            with open(target, "rb") as file:
                return file.read(16) == self.header(b"", stat)
        except OSError:
            return False

    def compile_file(self, path, keep):
        try:
            target = util.cache_from_source(path)
            stat = os.stat(path)
            keep = keep and self.directory
            if not keep and self.is_fresh(target, stat):
                return
            with open(path, "rb", 0) as file:
                source = file.read()
        except OSError:
            return
        header = self.header(source, stat)
        try:
            if not (keep and self.compile_kept(path, target, stat, header, source)):
                self.write(target, stat, header + code_of(source, path))
        except Exception as error:
            if keep and isinstance(error, (SyntaxError, ValueError)):
                self.keep(path, target, stat, 0, b"", b"")

    def compile_kept(self, path, target, stat, header, source):
        code = code_of(source, self.nowhere)
        before, mark, after = code.partition(self.mark)
        kind = before[-1] if mark else 0
        if kind & 0x7F not in (ord("z"), ord("Z")) or self.mark in after:
            return False
        before = header + before[:-1]
        self.write(target, stat, before + text(kind, path) + after)
        self.keep(path, target, stat, kind, before, after)
        return True

    def write(self, target, stat, data):
        """As others may import it meanwhile, beside and renamed."""
        if os.path.lexists(target) and (os.path.islink(target) or not os.path.isfile(target)):
            return
        beside = "%s.%d" % (target, os.getpid())
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        mode = (stat.st_mode | 0o200) & 0o666
        try:
            try:
                handle = os.open(beside, flags, mode)
            except FileNotFoundError:
                os.makedirs(os.path.dirname(target), exist_ok=True)
                handle = os.open(beside, flags, mode)
        except OSError:
            return
        try:
            with open(handle, "wb", 0) as file:
                if file.write(data) != len(data):
                    raise OSError("written in part")
            os.replace(beside, target)
        except OSError:
            try:
                os.unlink(beside)
            except OSError:
                pass

    def keep(self, path, target, stat, kind, before, after):
        try:
            if self.spool is None:
                self.spool = open(os.path.join(self.directory, str(os.getpid())), "wb", 1 << 18)
            self.spool.write(self.record(path, target, stat, kind, before, after))
        except OSError:  # no space, most likely: nothing more is kept
            self.directory = None

    def close(self):
        try:
            if self.spool:
                self.spool.close()
        except OSError:
            pass

    def record(self, path, target, stat, kind, before, after):
        stem = os.path.splitext(os.path.basename(path))[0]
        suffix = os.path.basename(target)[len(stem) :].encode("ascii")
        path = path.encode("utf-8", "surrogateescape")
        numbers = (len(path), len(suffix), kind, len(before), len(after))
        head = b"".join(map(word, numbers))
        times = stat.st_mtime_ns.to_bytes(8, "little", signed=True) + stat.st_size.to_bytes(8, "little")
        return b"".join((head, times, path, suffix, before, after))


def main():
    mode = invalidation_mode()
    compiler = Compiler(mode, *sys.argv[1:3])
    compile_file = compiler.compile_file
    if sys.implementation.name != "cpython" or sys.version_info < (3, 7):
        compile_file = by_compileall(mode)
    warnings.filterwarnings("ignore")
    # What the compiler makes has no cycles worth a search.
    gc.disable()
    print("ready", flush=True)
    for line in sys.stdin:
        path = line.rstrip("\n")
        name = path.rstrip("\0")
        compile_file(name, name != path)
        print(name, flush=True)
    compiler.close()


main()
