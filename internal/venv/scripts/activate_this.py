"""Makes a running interpreter use this virtual environment:

    import runpy
    runpy.run_path("@bin@/activate_this.py")

For programs that embed a Python of their own; otherwise run the one in here.
"""

import os
import site
import sys

try:
    here = os.path.dirname(os.path.abspath(__file__))
except NameError:
    raise AssertionError("run this file by runpy.run_path, which tells it where it is")

root = os.path.dirname(here)
os.environ["PATH"] = os.pathsep.join([here] + os.environ.get("PATH", "").split(os.pathsep))
os.environ["VIRTUAL_ENV"] = root
os.environ["VIRTUAL_ENV_PROMPT"] = @prompt@ or os.path.basename(root)

# The environment's packages go before those of the interpreter.
before = len(sys.path)
for directory in @libs@.split(os.pathsep):
    site.addsitedir(os.path.realpath(os.path.join(here, directory)))
sys.path[:] = sys.path[before:] + sys.path[:before]

sys.real_prefix = sys.prefix
sys.prefix = root
