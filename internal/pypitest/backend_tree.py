"""A PEP 517 and PEP 660 build backend small enough to travel in each sdist.

It wraps PKG-INFO and the files below src into a py3-none-any wheel.
"""
import base64
import glob
import hashlib
import io
import os
import tarfile
import zipfile


def _entries(editable=False):
    with open("PKG-INFO", "rb") as f:
        metadata = f.read()
    fields = dict(line.split(": ", 1) for line in metadata.decode().splitlines() if line[:5] in ("Name:", "Versi"))
    base = fields["Name"].replace("-", "_").replace(".", "_").lower()
    info = "%s-%s.dist-info" % (base, fields["Version"])
    out = []
    if editable:
        out.append(("__editable__%s.pth" % base, os.path.abspath("src").encode() + b"\n"))
    else:
        for path in sorted(glob.glob("src/**/*", recursive=True)):
            if os.path.isfile(path) and "__pycache__" not in path:
                with open(path, "rb") as f:
                    out.append((path[4:].replace(os.sep, "/"), f.read()))
    out.append((info + "/METADATA", metadata))
    out.append((info + "/WHEEL", b"Wheel-Version: 1.0\nGenerator: intree\nRoot-Is-Purelib: true\nTag: py3-none-any\n"))
    points = os.path.join("_backend", "entry_points.txt")
    if os.path.exists(points):
        with open(points, "rb") as f:
            out.append((info + "/entry_points.txt", f.read()))
    return base, fields["Version"], info, out


def get_requires_for_build_wheel(config_settings=None):
    return []


get_requires_for_build_sdist = get_requires_for_build_editable = get_requires_for_build_wheel


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    _, _, info, out = _entries()
    os.makedirs(os.path.join(metadata_directory, info), exist_ok=True)
    for path, data in out:
        if path.startswith(info):
            with open(os.path.join(metadata_directory, path), "wb") as f:
                f.write(data)
    return info


prepare_metadata_for_build_editable = prepare_metadata_for_build_wheel


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None, editable=False):
    base, version, info, out = _entries(editable)
    name = "%s-%s-py3-none-any.whl" % (base, version)
    record = ""
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w") as z:
        for path, data in out:
            z.writestr(zipfile.ZipInfo(path), data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record += "%s,sha256=%s,%d\n" % (path, digest, len(data))
        z.writestr(zipfile.ZipInfo(info + "/RECORD"), record + info + "/RECORD,,\n")
    return name


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    return build_wheel(wheel_directory, config_settings, metadata_directory, editable=True)


def build_sdist(sdist_directory, config_settings=None):
    base, version, _, _ = _entries()
    root = "%s-%s" % (base, version)
    with tarfile.open(os.path.join(sdist_directory, root + ".tar.gz"), "w:gz", format=tarfile.PAX_FORMAT) as t:
        for path in sorted(["PKG-INFO", "pyproject.toml"] + glob.glob("_backend/*") + glob.glob("src/**/*", recursive=True)):
            if os.path.isfile(path):
                with open(path, "rb") as f:
                    data = f.read()
                member = tarfile.TarInfo(root + "/" + path.replace(os.sep, "/"))
                member.size = len(data)
                t.addfile(member, io.BytesIO(data))
    return root + ".tar.gz"
