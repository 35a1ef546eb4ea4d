#!/bin/sh
# Checks the strings of sources and scripts for "is no X", which is not English for "is not an X". String pieces that the
# compiler joins are joined here too. What may follow is listed below.
# usage: messages.sh [FILE...]     default: all sources and scripts
set -eu

# shellcheck disable=SC2046 # a list of paths, none with spaces
[ $# -gt 0 ] || set -- $(git ls-files -co --exclude-standard '*.c' '*.h' '*.sh' ':!tools/lint/messages.sh')

# "there is no file": something does not exist; "is no longer": it was once
allowed='there (is|are) no |(is|are) no (longer|more) '

awk -v allowed="$allowed" '
# checks one string with the line that it begins in
function check(text, line)
{
    gsub(allowed, "", text)
    if (text ~ /(^|[^A-Za-z])(is|are) no /) {
        printf "%s:%d: \"%s\": write \"is not a ...\"\n", file, line, text
        wrong = 1
    }
}
# ends a string that may have had several pieces
function finish()
{
    if (joined != "")
        check(joined, begun)
    joined = ""
}
FNR == 1 {
    finish()
    file = FILENAME
}
/(is|are) no |"[ \t]*$|^[ \t]*"/ {
    rest = $0
    if (rest !~ /^[ \t]*"/)
        finish()
    while (match(rest, /"([^"\\]|\\.)*"/)) {
        text = substr(rest, RSTART + 1, RLENGTH - 2)
        between = substr(rest, 1, RSTART - 1)
        rest = substr(rest, RSTART + RLENGTH)
        if (between ~ /[^ \t]/)
            finish()
        if (joined == "")
            begun = FNR
        joined = joined text
    }
    if (rest ~ /[^ \t]/)
        finish()
    next
}
{ finish() }
END {
    finish()
    exit wrong
}' "$@"
