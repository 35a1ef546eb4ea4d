#!/bin/sh
# Writes the commit that the program is built from: twelve digits, then "-dirty" if a source differs from it. The text
# is empty if the project has no repository of its own, as in an unpacked archive.
# usage: commit.sh OUT.c      from the project's root
set -eu
commit=
root=$(git rev-parse --show-toplevel 2>/dev/null) || root=
if [ -n "$root" ] && [ "$root" = "$(pwd -P)" ]; then
    commit=$(git rev-parse --verify --quiet --short=12 HEAD) || commit=
    changed=$(git status --porcelain -- Makefile tools bench report metrics methods backbones datasets nn base docs/references.bib)
    [ -z "$commit" ] || [ -z "$changed" ] || commit=$commit-dirty
fi
mkdir -p "$(dirname "$1")"
{
    echo "/* Written by tools/commit.sh. */"
    echo "#include \"bench/store/digests.h\""
    echo
    echo "const char program_commit[] = \"$commit\";"
} >"$1.new"
if cmp -s "$1.new" "$1"; then rm "$1.new"; else mv "$1.new" "$1"; fi
