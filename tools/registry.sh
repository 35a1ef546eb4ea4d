#!/bin/sh
# Writes the table of all methods, metrics, backbones, commands or operators: one line per descriptor found in the sources. A
# descriptor has the name of its file; a file with several lists their names in a line " * Defines: a, b." of its first comment.
# usage: registry.sh methods|metrics|backbones|commands|ops OUT.c
set -eu
export LC_ALL=C
case $1 in
methods)   type='struct method'          prefix=method_   header=methods/method.h     table=methods ;;
metrics)   type='struct metric'          prefix=metric_   header=metrics/metric.h     table=metrics ;;
backbones) type='struct backbone_family' prefix=backbone_ header=backbones/backbone.h table=backbone_families ;;
commands)  type='struct command'         prefix=command_  header=bench/cli/command.h       table=commands ;;
ops)       type='struct op'              prefix=op_       header=nn/op.h              table=ops ;;
*) echo "registry.sh: unknown registry \"$1\"" >&2; exit 2 ;;
esac
names=
for file in "$(dirname "$header")"/*.c; do
    [ -e "$file" ] || continue
    found=$(sed -n "s/^const $type $prefix\([a-z0-9_]*\) *=.*/\1/p" "$file")
    expected=$(basename "$file" .c); expected=${expected#cmd_}
    listed=$(sed -n 's/^ \* Defines: \(.*\)\.$/\1/p' "$file" | tr -d ' ' | tr ',' '\n')
    [ -n "$found$listed" ] || continue
    if [ "$(echo "$found" | sort)" != "$(echo "${listed:-$expected}" | sort)" ]; then
        # shellcheck disable=SC2086,SC2116 # one line of names
        echo "$file: defines $(echo $found); a descriptor has its file's name: $prefix$expected," \
            "or the file's first comment lists all of them: \"Defines: a, b.\"" >&2
        exit 1
    fi
    names="$names $found"
done
names=$(echo "$names" | tr ' ' '\n' | sort)
mkdir -p "$(dirname "$2")"
{
    echo "/* Written by tools/registry.sh from the sources. */"
    echo "#include \"$header\""
    echo
    for name in $names; do echo "extern const $type $prefix$name;"; done
    echo
    echo "const $type *const ${table}[] = {"
    for name in $names; do echo "    &$prefix$name,"; done
    echo "    0,"
    echo "};"
} > "$2.new"
if cmp -s "$2.new" "$2"; then rm "$2.new"; else mv "$2.new" "$2"; fi
