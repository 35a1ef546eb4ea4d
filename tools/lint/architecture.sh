#!/bin/bash
# Checks docs/architecture.md and the README against the tree: files that they name exist, functions are defined or declared
# in a file of the same table row or list item, and the tables of rooms have the rows of tools/rooms.txt.
# usage: architecture.sh [PAGE]     default: docs/architecture.md
set -eu
export LC_ALL=C
page=${1:-docs/architecture.md}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

git ls-files -co --exclude-standard | while read -r file; do [ ! -e "$file" ] || echo "$file"; done >"$work/files"

# lines "FUNCTION FILE": what begins in the first column and has a name before a bracket
grep '\.[ch]$' "$work/files" | xargs grep -HoE '^[a-z][^=;("]*[ *][a-z][a-z0-9_]*\(' |
    sed -E 's/^([^:]*):.*[ *]([a-z0-9_]+)\($/\2 \1/' | sort -u >"$work/functions"

# A unit is a table row, a list item or a paragraph. In a paragraph a function belongs to the file that follows it in
# brackets or after "in"; in a row or an item to any file there. NAME, N and * mean any.
awk -v page="$page" '
function complain(line, text)
{
    printf "%s:%d: %s\n", page, line, text
    wrong = 1
}
function is_file(name)
{
    return name ~ /^[A-Za-z0-9_.\/-]+\.(c|h|sh|py|txt|yaml|md)$/ && name !~ /NAME|^build\// && name !~ /^(config|manifest)\.yaml$/
}
# the paths that a name without folder may mean, each with a blank before and after it
function paths_of(name)
{
    return name ~ /\// ? (name in exists ? " " name " " : "") : by_name[name]
}
function is_in(function_name, paths, i, count, list)
{
    count = split(paths, list, " ")
    for (i = 1; i <= count; i++)
        if ((function_name, list[i]) in defined)
            return 1
    return 0
}
function check_file(name)
{
    if (paths_of(name) == "" && !(name in told)) {
        told[name] = 1
        complain(begun, "no file \"" name "\"")
    }
}
# checks a unit; pieces with even numbers are between backquotes
function check(unit, is_strict, count, piece, i, name, paths, next_paths)
{
    count = split(unit, piece, "`")
    paths = ""
    for (i = 2; i <= count; i += 2)
        if (is_file(piece[i])) {
            check_file(piece[i])
            paths = paths paths_of(piece[i])
        }
    for (i = 2; i <= count; i += 2) {
        name = piece[i]
        if (!sub(/\(\)$/, "", name) && !(is_row && name ~ /^[a-z0-9]+_[a-z0-9_]+$/))
            continue
        if (name !~ /^[a-z][a-z0-9_]*$/)
            continue
        next_paths = i + 2 <= count && piece[i + 1] ~ /^( \(| in )$/ && is_file(piece[i + 2]) ? paths_of(piece[i + 2]) : ""
        if (!(name in known) && name !~ /^(openblas|sqlite3)_/)
            complain(begun, "no function \"" name "\"")
        else if (is_strict && paths != "" && !is_in(name, paths))
            complain(begun, "function \"" name "\" is not in the files of its row")
        else if (!is_strict && next_paths != "" && !is_in(name, next_paths))
            complain(begun, "function \"" name "\" is not in" next_paths)
    }
}
function finish()
{
    if (unit != "")
        check(unit, is_item)
    unit = ""
    is_item = is_row = 0
}
FILENAME ~ /\/files$/ {
    exists[$1] = 1
    name = $1
    sub(/.*\//, "", name)
    by_name[name] = by_name[name] " " $1 " "
    next
}
FILENAME ~ /\/functions$/ {
    known[$1] = 1
    defined[$1, $2] = 1
    next
}
/^```/ {
    finish()
    in_block = !in_block
    next
}
in_block { next }
/^[ \t]*$/ || /^#/ {
    finish()
    next
}
/^\|/ {
    finish()
    begun = FNR
    count = split($0, cell, "|")
    is_row = is_item = 1
    unit = cell[3] " " cell[4] # the columns "function" and "file"
    if (cell[2] ~ /^ `/)
        unit = "" # a table whose rows begin with a name is not a walk
    finish()
    next
}
/^([0-9]+\.|[-*]) / { finish() }
{
    if (unit == "") {
        begun = FNR
        is_item = $0 ~ /^[0-9]+\. /
    }
    unit = unit " " $0
}
END {
    finish()
    exit wrong
}' "$work/files" "$work/functions" "$page" || status=1

# rooms: those of the table under "## Rooms" and of the tree in the README are the rows of the table of includes
grep -oE '^[a-z][a-z/]*' tools/rooms.txt | grep -v '^tests' | sort >"$work/rooms"
sed -n '/^## Rooms/,/^## [^R]/p' docs/architecture.md | sed -n 's/^| \(`[^|]*\).*/\1/p' | grep -oE '`[a-z/]+/`' | tr -d '`' |
    sed 's|/$||' | sort >"$work/page_rooms"
diff --label tools/rooms.txt --label docs/architecture.md -U 0 "$work/rooms" "$work/page_rooms" || status=1
grep -oE '(^|  )[a-z]+/ ' README.md | tr -d ' /' | sort >"$work/readme_rooms"
while read -r room; do
    grep -qx "$room" "$work/readme_rooms" || { echo "README.md: no room \"$room\""; status=1; }
done < <(grep -v / "$work/rooms")
exit "${status:-0}"
