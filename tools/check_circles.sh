#!/bin/sh
# Checks that modules do not include each other in a circle. A module is a .c file with the header of its name, or one of
# them alone; without circles, each can be read, tested and moved after those that it includes.
# usage: check_circles.sh [FILE...]     default: all sources
set -eu

# shellcheck disable=SC2046 # a list of paths, none with spaces
[ $# -gt 0 ] || set -- $(git ls-files -co --exclude-standard '*.c' '*.h')

grep -H '^#include "' "$@" | awk -F '[:"]' '
function module_of(path)
{
    sub(/\.[ch]$/, "", path)
    return path
}
# visits all modules that one includes, directly or not; prints the circle when it meets one that is not finished yet
function visit(module, i, k, count, list, text)
{
    state[module] = "open"
    path[++depth] = module
    count = split(includes[module], list, " ")
    for (i = 1; i <= count; i++)
        if (!(list[i] in state)) {
            visit(list[i])
        } else if (state[list[i]] == "open") {
            for (k = depth; path[k] != list[i]; k--)
                ;
            for (text = ""; k <= depth; k++)
                text = text path[k] " -> "
            print "circle of includes: " text list[i]
            wrong = 1
        }
    state[module] = "done"
    depth--
}
{
    from = module_of($1)
    to = module_of($3)
    if (from != to && !((from, to) in known)) {
        known[from, to] = 1
        includes[from] = includes[from] " " to
        if (!(from in order)) {
            order[from] = 1
            modules[++module_count] = from
        }
    }
}
END {
    for (m = 1; m <= module_count; m++)
        if (!(modules[m] in state))
            visit(modules[m])
    exit wrong
}'
