#!/bin/sh
# Writes the digests of the sources on which measured numbers depend, so that a run can tell which program measured
# which item.
#
# A unit is a room (its shared files) or a descriptor: method, metric, backbone family. A descriptor's unit is its own file
# and the files that it includes from its room, transitively, with the .c file beside each header. Files that no
# descriptor includes are shared and belong to the room's unit. Comments, blanks and line breaks do not count, so that a
# reformatted file keeps its digest. Compiler and flags do not count, nor do files that only import or write data.
# usage: digests.sh OUT.c      from the project's root
set -eu
export LC_ALL=C
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# lists the files that count, and the room of each
is_counted='^(nn|base|methods|metrics|backbones)/|^datasets/[^/]*$|^models/|^weights/weights_file\.|^bench/run/(changed|curves|evaluate|evaluate_image|explanation|measure|panel|plan|run_backbone|run_image|truth|view|walk)\.'
is_left_out='^datasets/(demo|encode|imageset_write)'
find nn base methods metrics backbones models weights datasets bench -name '*.[ch]' | sort | grep -E "$is_counted" |
    grep -Ev "$is_left_out" >"$work/files"
while read -r file; do echo "${file%/*}"; done <"$work/files" | sort -u | (cd "$work" && xargs mkdir -p)

# each file without comments and blanks as $work/FILE; its includes as lines "FILE HEADER"; descriptors as "FILE KIND NAME"
# shellcheck disable=SC2046 # names of our own files have no blanks
awk -v work="$work" '
# keeps a blank where two tokens would become one, and before and after the name that a directive defines
function put(text, count, i, first, words) {
    count = split(text, words, /[ \t\r\f]+/)
    for (i = 1; i <= count; i++) {
        if (words[i] == "")
            continue
        first = substr(words[i], 1, 1)
        if (last != "" && ((is_directive && directive_words <= 2) || (last ~ /[A-Za-z0-9_]/ && first ~ /[A-Za-z0-9_]/) ||
            (last == first && first ~ /[-+&|]/) || (last == "/" && first == "*")))
            printf " " >out
        printf "%s", words[i] >out
        directive_words++
        last = substr(words[i], length(words[i]))
    }
}
function put_literal(text) {
    printf "%s", text >out
    last = "\""
}
# handles one line; continued lines have been joined
function put_line(line, at, end, mark) {
    is_directive = !in_comment && line ~ /^[ \t]*#/
    if (is_directive) {
        printf "\n" >out
        last = ""
        directive_words = 0
    }
    while (line != "") {
        if (in_comment) {
            end = index(line, "*/")
            line = end ? substr(line, end + 2) : ""
            in_comment = !end
            continue
        }
        at = match(line, /["'\''\/]/)
        if (!at) {
            put(line)
            break
        }
        put(substr(line, 1, at - 1))
        line = substr(line, at)
        mark = substr(line, 1, 2)
        if (mark == "//")
            break
        if (mark == "/*") {
            in_comment = 1
            line = substr(line, 3)
        } else if (match(line, /^"([^"\\]|\\.)*"/) || match(line, /^'\''([^'\''\\]|\\.)*'\''/)) {
            put_literal(substr(line, 1, RLENGTH))
            line = substr(line, RLENGTH + 1)
        } else {
            put(substr(line, 1, 1))
            line = substr(line, 2)
        }
    }
    if (is_directive) {
        printf "\n" >out
        last = ""
    }
}
FNR == 1 {
    if (out != "")
        close(out)
    out = work "/" FILENAME
    printf "" >out
    last = joined = ""
    in_comment = 0
}
/^#include "/ {
    split($0, parts, "\"")
    print FILENAME, parts[2] >(work "/includes")
}
/^const struct (method|metric|backbone_family) [a-z0-9_]+ *=/ {
    kind = $3
    name = $4
    sub(/_family/, "", kind)
    sub(/^[a-z]*_/, "", name)
    print FILENAME, kind, name >(work "/descriptors")
}
{
    if (sub(/\\$/, "")) {
        joined = joined $0 " "
        next
    }
    put_line(joined $0)
    joined = ""
}' $(cat "$work/files")

# the files of each unit, as lines "KIND NAME FILE"
touch "$work/includes" "$work/descriptors"
awk '
function room_of(file) {
    return file ~ /^nn\// ? "nn" : substr(file, 1, index(file, "/") - 1)
}
# adds to `set` every file of its room that a file includes
function follow(file, set, room, i, next_file, count, list) {
    if (file in set || !(file in known) || (file in door) || (file in descriptor && depth > 0))
        return
    set[file] = 1
    depth++
    count = split(includes[file], list, " ")
    for (i = 1; i <= count; i++)
        if (room_of(list[i]) == room) {
            follow(list[i], set, room)
            next_file = list[i]
            sub(/h$/, "c", next_file)
            follow(next_file, set, room)
        }
    depth--
}
FILENAME ~ /\/files$/ { known[$1] = 1; order[++files] = $1 }
FILENAME ~ /\/includes$/ { includes[$1] = includes[$1] " " $2 }
FILENAME ~ /\/descriptors$/ { descriptor[$1] = descriptor[$1] ";" $2 " " $3 }
END {
    door["methods/method.h"] = door["metrics/metric.h"] = door["backbones/backbone.h"] = 1
    for (file in descriptor) {
        split("", set)
        depth = 0
        follow(file, set, room_of(file))
        count = split(substr(descriptor[file], 2), units, ";")
        for (part in set) {
            for (i = 1; i <= count; i++)
                print units[i], part
            taken[part] = 1
        }
    }
    for (i = 1; i <= files; i++) {
        file = order[i]
        if (file in taken)
            continue
        split("", set)
        depth = 1
        if (file in door)
            set[file] = 1
        follow(file, set, room_of(file))
        for (part in set)
            print "room", room_of(file), part
    }
}' "$work/files" "$work/includes" "$work/descriptors" | sort -u >"$work/units"

(cd "$work" && xargs sha256sum <files) >"$work/sums"
awk -v work="$work" 'NR == FNR { sum[$2] = $1; next } { print $3, sum[$3] >(work "/unit." $1 "." $2) }' \
    "$work/sums" "$work/units"
mkdir -p "$(dirname "$1")"
{
    echo "/* Written by tools/digests.sh from the sources. */"
    echo "#include \"bench/store/digests.h\""
    echo
    echo "const struct digest digests[] = {"
    (cd "$work" && sha256sum unit.*) | sed 's/^\([0-9a-f]*\) *unit\.\([a-z]*\)\.\(.*\)/    {"\2", "\3", "\1"},/'
    echo "    {0},"
    echo "};"
} >"$1.new"
if cmp -s "$1.new" "$1"; then rm "$1.new"; else mv "$1.new" "$1"; fi
