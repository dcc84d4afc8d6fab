import base64, glob, hashlib, os, zipfile

def _entries():
    metadata = open("PKG-INFO", "rb").read()
    fields = dict(l.split(": ", 1) for l in metadata.decode().splitlines() if l[:5] in ("Name:", "Versi"))
    base = fields["Name"].replace("-", "_").replace(".", "_").lower()
    info = "%s-%s.dist-info" % (base, fields["Version"])
    out = [(p[4:].replace(os.sep, "/"), open(p, "rb").read()) for p in sorted(glob.glob("src/*/*.py"))]
    out.append((info + "/METADATA", metadata))
    out.append((info + "/WHEEL", b"Wheel-Version: 1.0\nGenerator: intree\nRoot-Is-Purelib: true\nTag: py3-none-any\n"))
    return base, fields["Version"], info, out

def get_requires_for_build_wheel(config_settings=None):
    return []

def get_requires_for_build_sdist(config_settings=None):
    return []

def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    _, _, info, out = _entries()
    os.makedirs(os.path.join(metadata_directory, info), exist_ok=True)
    for path, data in out:
        if path.startswith(info):
            with open(os.path.join(metadata_directory, path), "wb") as f:
                f.write(data)
    return info

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    base, version, info, out = _entries()
    name = "%s-%s-py3-none-any.whl" % (base, version)
    record = ""
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w") as z:
        for path, data in out:
            z.writestr(zipfile.ZipInfo(path), data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record += "%s,sha256=%s,%d\n" % (path, digest, len(data))
        z.writestr(zipfile.ZipInfo(info + "/RECORD"), record + info + "/RECORD,,\n")
    return name
