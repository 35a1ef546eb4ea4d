#!/bin/bash
# Writes the man page from the program's own --help and that of its commands, so that it cannot go stale.
# usage: man.sh PROGRAM OUT.1
set -eu
program=$1 out=$2
date=$(git log -1 --format=%cs -- bench 2>/dev/null || date +%F)
included=$(mktemp)
trap 'rm -f "$included"' EXIT

# Text as it stands: backslashes, hyphens and leading dots mean something to man.
verbatim()
{
    echo .nf
    sed 's/\\/\\e/g; s/-/\\-/g; s/^\([.'"'"']\)/\\\&\1/'
    echo .fi
}

{
    cat docs/cambench.1.in
    echo '[COMMANDS]'
    "$program" --help | awk '/^Options:/ { exit } /^  [a-z]/ { print $1 }' | while read -r command; do
        echo ".SS cambench $command"
        "$program" "$command" --help | verbatim
    done
} > "$included"

# the program's --version speaks of this machine too
help2man --no-info --section 1 --version-string "$("$program" --version | head -n 1)" --include "$included" \
    --name 'benchmark class-activation-map explanations of image classifiers' "$program" |
    sed "s/^\(\.TH CAMBENCH \"1\"\) \"[^\"]*\"/\1 \"$date\"/; s/^\.SH EXAMPLES/&\n.nf/" |
    awk '
        /^\.nf/ { open = 1 }
        /^\.fi/ { open = 0 }
        /^\.S[HS]/ && was_open { print ".fi"; open = 0 }
        { print; was_open = open }' > "$out.new"
mv "$out.new" "$out"
