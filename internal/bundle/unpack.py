

def caches():
    chosen = os.environ.get("TAME_BUNDLE_DIR")
    if chosen:
        yield chosen
        return
    cache = os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_CACHE_HOME")
    if not cache and os.path.isdir(os.environ.get("HOME") or os.devnull):
        cache = os.path.join(os.environ["HOME"], ".cache")
    if cache:
        yield os.path.join(cache, "tame-bundle")
    import tempfile

    user = str(os.getuid()) if hasattr(os, "getuid") else "user"
    yield os.path.join(tempfile.gettempdir(), "tame-bundle-" + user)


def is_mine(cache):
    """What anybody could have put there is not run."""
    if not hasattr(os, "getuid") or cache == os.environ.get("TAME_BUNDLE_DIR"):
        return os.path.isdir(cache)
    try:
        status = os.stat(cache)
    except OSError:
        return False
    return status.st_uid in (os.getuid(), 0) and not status.st_mode & 0o022


def unpacked(archive):
    """The folder with the content of the archive, which is made at the first start."""
    problem = None
    for cache in caches():
        home = os.path.join(cache, NAME + "-" + KEY)
        if os.path.isdir(home) and is_mine(cache):
            return home
        try:
            return unpack(archive, cache, home)
        except OSError as error:
            problem = problem or error
    fail("cannot be unpacked: %s; TAME_BUNDLE_DIR names another folder for it" % problem)


def unpack(archive, cache, home):
    import shutil
    import tempfile
    import time
    import zipfile
    import zlib

    if not os.path.isdir(cache):
        os.makedirs(os.path.dirname(cache), exist_ok=True)
        try:
            os.mkdir(cache, 0o700)
        except FileExistsError:
            pass
    if not is_mine(cache):
        raise OSError("others may write into " + cache)
    for name in os.listdir(cache):  # of processes that were killed
        path = os.path.join(cache, name)
        try:
            if name.startswith(".unpack-") and os.stat(path).st_mtime < time.time() - 86400:
                shutil.rmtree(path, ignore_errors=True)
        except OSError:
            pass
    temp = tempfile.mkdtemp(prefix=".unpack-", dir=cache)
    try:
        new = os.path.join(temp, "new")
        with zipfile.ZipFile(archive) as z:
            for info in z.infolist():
                if info.filename != "__main__.py":
                    path = z.extract(info, new)
                    os.chmod(path, info.external_attr >> 16 & 0o777)
        try:
            os.rename(new, home)
        except OSError:
            if not os.path.isdir(home):  # else another process was faster
                raise
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        fail("%s is damaged: %s" % (archive, error))
    finally:
        shutil.rmtree(temp, ignore_errors=True)
    return home
