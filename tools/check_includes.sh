#!/bin/sh
# Checks who includes whom: a room includes itself and the rooms of its row, with paths from the project's root.
# usage: check_includes.sh [FILE...]     default: all sources
set -eu

# room: allowed rooms. A folder without a row of its own falls under its parent's.
rooms='
bench: report metrics methods backbones datasets nn base
report: base
metrics: nn base
methods: nn base
backbones: nn base
datasets: base
nn: base
base:
tests: nn base
tests/bench: tests bench report metrics methods backbones datasets nn base
tests/report: tests report base
tests/metrics: tests metrics nn base
tests/methods: tests methods backbones nn base
tests/backbones: tests backbones nn base
tests/datasets: tests datasets base
tests/nn: tests nn base
tests/base: tests base
'

# descriptor: the one header of the project that a file defining it includes
doors='
const struct method method_: methods/method.h
const struct metric metric_: metrics/metric.h
const struct backbone_family backbone_: backbones/backbone.h
'

# shellcheck disable=SC2046 # a list of paths, none with spaces
[ $# -gt 0 ] || set -- $(git ls-files -co --exclude-standard '*.c' '*.h')

awk -v rooms="$rooms" -v doors="$doors" '
function row_of(folder)
{
    while (!(folder in allowed) && folder ~ "/")
        sub("/[^/]*$", "", folder)
    return folder
}
function complain(text)
{
    printf "%s:%d: %s\n", FILENAME, FNR, text
    wrong = 1
}
BEGIN {
    count = split(rooms, line, "\n")
    for (i = 1; i <= count; i++)
        if (split(line[i], part, ":") == 2)
            allowed[part[1]] = part[2] " "
    door_count = split(doors, door, "\n")
}
FNR == 1 {
    folder = FILENAME
    sub("/[^/]*$", "", folder)
    room = row_of(folder)
    is_door = only = ""
    while ((getline text < FILENAME) > 0)
        for (i = 1; i <= door_count; i++) {
            split(door[i], part, ": ")
            if (part[1] != "" && index(text, part[1]) == 1)
                only = part[2]
        }
    close(FILENAME)
}
/^#include "/ {
    split($0, quoted, "\"")
    path = quoted[2]
    if (path !~ "/") {
        complain("\"" path "\": give the path from the root of the project")
        next
    }
    target = path
    sub("/[^/]*$", "", target)
    target = row_of(target)
    if (!(room in allowed))
        complain("folder \"" folder "\" is no room: add a row to tools/check_includes.sh")
    else if (target != room && index(allowed[room] , " " target " ") == 0)
        complain(room " may not include \"" path "\"")
    else if (only != "" && path != only)
        complain("a file with a descriptor includes \"" only "\" and nothing else of the project, not \"" path "\"")
}
END { exit wrong }
' "$@"
