#!/bin/sh
# Writes options for the linker that export the functions of some headers from the program, so that plugins can call
# them; functions that the program does not use are taken out of the libraries too. A function is a declaration that
# begins in a line's first column.
# usage: plugin_api.sh OUT HEADER...
set -eu
out=$1
shift
sed -nE '/^(static|typedef|#)/!s/^[a-z][A-Za-z0-9_ ]*[ *]([a-z][a-z0-9_]*)\(.*/\1/p' "$@" | LC_ALL=C sort -u |
    sed 's/.*/-Wl,-u,&\n-Wl,--export-dynamic-symbol=&/' >"$out.new"
if cmp -s "$out.new" "$out"; then rm "$out.new"; else mv "$out.new" "$out"; fi
