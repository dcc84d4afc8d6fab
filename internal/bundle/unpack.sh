finish='
import os, shutil, sys, time
new, home, cache = sys.argv[1:]
for e in os.scandir(cache):  # of processes that were killed
    try:
        if e.name.startswith(".unpack-") and e.stat().st_mtime < time.time() - 86400:
            shutil.rmtree(e.path, ignore_errors=True)
    except OSError:
        pass
try:
    os.rename(new, home)
except OSError:
    sys.exit(1)
'
# What anybody could have put there is not run.
usable() {
    [ "$1" = "${TAME_BUNDLE_DIR:-}" ] && return
    [ -O "$1" ] && [ ! -h "$1" ] && case $(ls -ld "$1") in d????-??-*) ;; *) false ;; esac
}
unpack() {
    mkdir -p "${1%/*}" 2>/dev/null
    mkdir -m 700 "$1" 2>/dev/null
    [ -d "$1" ] && [ -w "$1" ] && usable "$1" || return 1
    temp=$(mktemp -d "$1/.unpack-XXXXXX") || return 1
    trap 'rm -rf "$temp"' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    mkdir "$temp/new" || return 1
    # A signal ends gzip if tar cannot write. Messages go by way of a variable: the disk may be full.
    problem=$({ { tail -c +"$skip" "$0" | gzip -dc 2>/dev/null || [ $? -gt 128 ] || echo "#damaged" >&3; } | tar -xof - -C "$temp/new" 2>&1 || echo "#failed"; } 3>&1)
    case $problem in
    *"#damaged"*) whole= ;;
    *"#failed"*) whole=no ;;
    *) [ -e "$temp/new/.complete" ] && whole=yes || whole= ;;
    esac
    if [ -z "$whole" ]; then
        echo "$name: $0 is damaged or was cut off: copy it again" >&2
        exit 1
    elif [ "$whole" = no ]; then
        echo "$name: cannot be unpacked into $1: $problem" | head -n 2 >&2
    else
        "$temp/new/$python" -I -S -c "$finish" "$temp/new" "$home" "$1" || [ -d "$home" ] ||
            echo "$name: the Python in it cannot be run from $1; it is made for $platform" >&2
    fi
    rm -rf "$temp"
    trap - EXIT HUP INT TERM
    [ -d "$home" ]
}
try() {
    home=$1/$name-$key
    if [ -d "$home" ]; then
        usable "$1"
    else
        unpack "$1"
    fi
}
if [ -n "${TAME_BUNDLE_DIR:-}" ]; then
    try "$TAME_BUNDLE_DIR"
elif [ -n "${XDG_CACHE_HOME:-}" ]; then
    try "$XDG_CACHE_HOME/tame-bundle"
else
    [ -n "${HOME:-}" ] && [ -d "$HOME" ] && try "$HOME/.cache/tame-bundle"
fi || { [ -z "${TAME_BUNDLE_DIR:-}" ] && try "${TMPDIR:-/tmp}/tame-bundle-$(id -u)"; } || {
    echo "$name: there is no folder to unpack it into; TAME_BUNDLE_DIR names one" >&2
    exit 1
}
unset PYTHONHOME
