#!/bin/sh
# Prints one line about what is missing to build, or nothing.
# usage: build_lacks.sh MODULE...      CC: the compiler (cc); modules of pkg-config
compiler=${CC:-cc}
program=${compiler%% *}
has_compiler=
command -v "$program" >/dev/null 2>&1 && has_compiler=1
if [ -z "$has_compiler" ] && [ "$program" != cc ]; then
    echo "the compiler that CC names, \"$compiler\", is not there"
    exit 0
fi
[ -n "$has_compiler" ] && pkg-config --exists "$@" 2>/dev/null && exit 0
list=$("$(dirname "$0")/deps.sh" --missing build | paste -s -d ' ')
echo "needed to build and not installed: ${list:-modules of pkg-config ($*)}; with apt, \"make deps\" installs them"
