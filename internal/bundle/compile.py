# Makes bytecode of the modules below the directories named from the fourth
# argument on: of every n-th one, beginning with the k-th. Paths in it are
# relative to the first argument, and nothing in it depends on times.
import os
import py_compile
import sys

root, k, n, beside = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "beside"
files = []
for top in sys.argv[5:]:
    for folder, _, names in os.walk(os.path.join(root, top)):
        files.extend(os.path.join(folder, name) for name in names if name.endswith(".py"))
for path in sorted(files)[k::n]:
    try:
        py_compile.compile(
            path,
            cfile=path + "c" if beside else None,
            dfile=os.path.relpath(path, root),
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
    except (py_compile.PyCompileError, ValueError):
        pass  # packages carry files for other versions of the language
