#!/bin/sh
# Writes the man page from the program's own --help, so that it cannot go stale.
# usage: man.sh PROGRAM OUT.1
set -eu
date=$(git log -1 --format=%cs 2>/dev/null || date +%F)
SOURCE_DATE_EPOCH=$(date -d "$date" +%s) help2man --no-info --section 1 --output "$2.new" \
    --name 'benchmark class-activation-map explanations of image classifiers' --include docs/cambench.1.in "$1"
mv "$2.new" "$2"
