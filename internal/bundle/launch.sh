#!/bin/sh
''':'
self=$0
while [ -h "$self" ]; do
    link=$(readlink "$self") || exit 126
    case $link in
    /*) self=$link ;;
    *) self=${self%/*}/$link ;;
    esac
done
case $self in */*) ;; *) self=./$self ;; esac
home=$(CDPATH= cd -P -- "${self%/*}/.." && pwd) || exit 126
