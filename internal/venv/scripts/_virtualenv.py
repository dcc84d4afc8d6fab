"""Keeps installations by distutils inside of this virtual environment.

A person's distutils configuration may name another place to install to. This
module, loaded on start by _virtualenv.pth, has distutils and setuptools ignore
that.
"""

import os
import sys

MODULES = "distutils.dist", "setuptools.dist"


def patch(module):
    original = module.Distribution.parse_config_files

    def parse_config_files(self, *args, **kwargs):
        result = original(self, *args, **kwargs)
        install = self.get_option_dict("install")
        if "prefix" in install:
            install["prefix"] = os.path.abspath(__file__), os.path.abspath(sys.prefix)
        for part in ("purelib", "platlib", "headers", "scripts", "data"):
            install.pop("install_" + part, None)
        return result

    module.Distribution.parse_config_files = parse_config_files


class Finder:
    """Finds these modules as others do, and patches them once they are loaded."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name not in MODULES:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            if finder is Finder or find is None:
                continue
            spec = find(name, path, target)
            if spec is None:
                continue
            load = getattr(spec.loader, "exec_module", None)
            if load is not None:

                def exec_module(module):
                    load(module)
                    patch(module)

                try:
                    spec.loader.exec_module = exec_module
                except AttributeError:
                    pass  # a loader written in C keeps its own
            return spec
        return None


sys.meta_path.insert(0, Finder)
