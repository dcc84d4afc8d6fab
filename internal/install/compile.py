# Compiles the files named on standard input, one a line, and answers each
# name when it is done. Errors in a file are no concern of an installer: many
# wheels carry files for other versions of the language.
import compileall
import gc
import os
import py_compile
import sys
import warnings


def invalidation_mode():
    modes = py_compile.PycInvalidationMode
    name = os.environ.get("PYC_INVALIDATION_MODE")
    if name is None:
        return modes.CHECKED_HASH if os.environ.get("SOURCE_DATE_EPOCH") else modes.TIMESTAMP
    if name in modes.__members__:
        return modes[name]
    valid = ", ".join('"%s"' % mode for mode in modes.__members__)
    sys.exit('Invalid value for PYC_INVALIDATION_MODE "%s", valid are %s' % (name, valid))


def main():
    mode = invalidation_mode()
    # compileall takes a file with a time stamp for fresh even when a hash is
    # asked for, unless forced.
    force = mode != py_compile.PycInvalidationMode.TIMESTAMP
    warnings.filterwarnings("ignore")
    # What the compiler makes has no cycles worth a search.
    gc.disable()
    print("ready", flush=True)
    for line in sys.stdin:
        path = line.rstrip("\n")
        compileall.compile_file(path, invalidation_mode=mode, force=force, quiet=2)
        print(path, flush=True)


main()
