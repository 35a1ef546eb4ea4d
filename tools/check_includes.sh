#!/bin/sh
# Checks who includes whom: a room includes itself and the rooms of its row, with paths from the project's root.
# tools/rooms.txt is the table.
# usage: check_includes.sh [FILE...]     default: all sources
set -eu

rooms=$(sed "/^#/d" tools/rooms.txt)

# descriptor: headers of its own room that a file defining it may not see; those of other rooms come through its door
closed='
const struct method method_: methods/harness.h
const struct metric metric_: metrics/evidence.h metrics/protocol.h
const struct backbone_family backbone_: weights/weights_file.h
'

# shellcheck disable=SC2046 # a list of paths, none with spaces
[ $# -gt 0 ] || set -- $(git ls-files -co --exclude-standard '*.c' '*.h')

awk -v rooms="$rooms" -v closed="$closed" '
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
    closed_count = split(closed, row, "\n")
}
FNR == 1 {
    folder = FILENAME
    sub("/[^/]*$", "", folder)
    room = row_of(folder)
    hidden = ""
    while ((getline text < FILENAME) > 0)
        for (i = 1; i <= closed_count; i++) {
            split(row[i], part, ":")
            if (part[1] != "" && index(text, part[1]) == 1)
                hidden = part[2] " "
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
        complain("folder \"" folder "\" is not a room: add a row to tools/rooms.txt")
    else if (target != room && index(allowed[room] , " " target " ") == 0)
        complain(room " may not include \"" path "\"")
    else if (hidden != "" && (target != room || index(hidden, " " path " ")))
        complain("a file with a descriptor may not include \"" path "\"")
}
END { exit wrong }
' "$@"
