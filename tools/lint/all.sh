#!/bin/bash
# All checks of the sources, each with one line; the findings of a check follow its line. Exit 1 if one has failed.
# usage: all.sh [quick]
#     COMPILE_FLAGS  standard, warnings, include paths; B  the build folder; JOBS  how many compilers at once
#     LINT_SINCE  a commit: cppcheck and clang-tidy, which take minutes, read the sources that changed after it (all)
set -u
export LC_ALL=C
cd "$(dirname "$0")/../.." || exit 2
flags=${COMPILE_FLAGS:-} jobs=${JOBS:-2} build=${B:-build}
for tool in git clang-format shellcheck mandoc; do
    command -v "$tool" >/dev/null || { echo "lint: no $tool: make deps-lint installs what the checks need" >&2; exit 2; }
done
git rev-parse >/dev/null 2>&1 || { echo "lint: not a git checkout, and git lists the files to be checked" >&2; exit 2; }
files()
{
    git ls-files -co --exclude-standard "$@" | while read -r file; do [ ! -e "$file" ] || echo "$file"; done
}
mapfile -t sources < <(files '*.c')
mapfile -t headers < <(files '*.h')
mapfile -t scripts < <(files '*.sh' .ci/run)
analysed=("${sources[@]}")
if [ -n "${LINT_SINCE:-}" ] && git cat-file -e "$LINT_SINCE^{commit}" 2>/dev/null; then
    mapfile -t analysed < <(comm -12 <(printf '%s\n' "${sources[@]}" | sort) <(git diff --name-only "$LINT_SINCE" | sort))
fi
output=$(mktemp)
trap 'rm -f "$output"' EXIT
status=0

check()
{
    local name=$1 start=$SECONDS
    shift
    if "$@" >"$output" 2>&1; then
        printf 'ok      %s (%d s)\n' "$name" $((SECONDS - start))
    else
        printf 'FAILED  %s\n' "$name"
        cat "$output"
        status=1
    fi
}

# Runs a command once for each word of the input, a few at a time.
each()
{
    xargs -P "$jobs" -I {} bash -o pipefail -c "$*"
}

format()
{
    local file wrong=0
    for file in "${sources[@]}" "${headers[@]}"; do
        clang-format "$file" | cmp -s - "$file" || { echo "$file: not as \`make format\` writes it"; wrong=1; }
    done
    return "$wrong"
}

includes()
{
    tools/check_includes.sh "${sources[@]}" "${headers[@]}"
}

# A room uses only rooms of later rows of tools/rooms.txt; the first folders of the rows are the order of linking.
rooms_in_order()
{
    awk -F ': *' '!/^#/ && !/^tests/ {
        count = split($2, used, " ")
        for (i = 1; i <= count; i++)
            if (used[i] in seen) {
                print $1 " uses " used[i] ", whose row is before it"
                wrong = 1
            }
        seen[$1] = 1
    }
    END { exit wrong }' tools/rooms.txt
}

# A file with more lines has more than one concern.
file_length()
{
    local counts
    mapfile -t counts < <(files '*.c' '*.h' '*.sh' '*.py' '*.awk' Makefile .ci/run | xargs wc -l | awk '$1 > 600 && $2 != "total"')
    [ ${#counts[@]} -eq 0 ] || { printf 'more than 600 lines: %s\n' "${counts[@]}"; return 1; }
}

# `area: verb object`, at most 72 characters, without a full stop; commits up to the one named here are older than the rule.
commit_subjects()
{
    local before=1981701ad789e31a652c0912ea000cd0cf9bbe4c wrong
    git cat-file -e "$before^{commit}" 2>/dev/null || return 0 # a clone without history
    wrong=$(git log --no-merges --format=%s "$before..HEAD" | grep -vE '^[a-z0-9][a-z0-9 .,+/_-]*: [^ ].*[^. ]$'
        git log --no-merges --format=%s "$before..HEAD" | grep -E '^.{73}')
    [ -z "$wrong" ] || { echo "not \`area: verb object\` in at most 72 characters:"; echo "$wrong"; return 1; }
}

# A file is found by its name alone; methods and metrics are called as in configs.
unique_names()
{
    local twice
    twice=$(printf '%s\n' "${sources[@]}" "${headers[@]}" | grep -v '^methods/\|^metrics/' | sed 's|.*/||' | sort | uniq -d)
    [ -z "$twice" ] || { echo "more than one file is called: $twice"; return 1; }
}

# No entry appears in the bibliography twice; the build checks that every key that is used has an entry.
references()
{
    local twice
    twice=$(sed -n 's/^@[A-Za-z]*{\([^,]*\),$/\1/p' docs/references.bib | sort | uniq -d)
    [ -z "$twice" ] || { echo "docs/references.bib has twice: $twice"; return 1; }
}

# Each method and metric is named by a test of its room.
tested()
{
    local missing=0 room name
    for room in method metric; do
        for name in $(sed -n "s/^const struct $room ${room}_\([a-z0-9_]*\) .*/\1/p" "${room}s"/*.c); do
            grep -rqw -- "$name\|${room}_$name" "tests/${room}s" tests/golden/*_cases.txt || { echo "no test of $room \"$name\""; missing=1; }
        done
    done
    return "$missing"
}

# The documents have a row for each method and metric, and for nothing else.
documented()
{
    local room heading page differs=0
    while read -r room heading page; do
        diff --label "$room/" --label "$page" -U 0 \
            <(sed -n "s/^const struct ${room%s} ${room%s}_\([a-z0-9_]*\) .*/\1/p" "$room"/*.c | sort) \
            <(sed -n "/^## $heading\$/,/^##/s/^| \`\([a-z0-9_]*\)\` .*/\1/p" "$page" | sort) || differs=1
    done <<END
methods Methods docs/methods.md
metrics Metrics docs/protocols-and-metrics.md
END
    return "$differs"
}

# The files and headings that relative links of the documents name exist.
links()
{
    local page target file heading missing=0
    for page in *.md docs/*.md; do
        for target in $(grep -o '](\([^):]*\))' "$page" | sed 's/^](//; s/)$//'); do
            file=${target%%#*} heading=
            case $target in *#*) heading=${target#*#} ;; esac
            file=${file:+$(dirname "$page")/$file}
            file=${file:-$page}
            [ -e "$file" ] || { echo "$page: no \"$target\""; missing=1; continue; }
            [ -z "$heading" ] || sed -n 's/^##* //p' "$file" | tr 'A-Z ' 'a-z-' | tr -cd 'a-z0-9_\n-' | grep -qxF -- "$heading" ||
                { echo "$page: no heading \"$target\""; missing=1; }
        done
    done
    return "$missing"
}

# Files that the documents name in `code` or in a block exist, or have a name that a command of the page makes.
# Documents that sources, configs and scripts name exist.
named_paths()
{
    local page path made others missing=0
    local rooms='docs|bench|configs|tests|tools|methods|metrics|nn|base|backbones|datasets|report|results/reference'
    for page in *.md docs/*.md; do
        [ "$page" != CHANGELOG.md ] || continue # it names files of its time
        made=$(sed -n 's/.*cambench new [a-z]* \([a-z0-9_]*\).*/\1/p' "$page" | sort -u | paste -sd '|' -)
        for path in $(grep -oE "(^|[\` '(/ ])($rooms)/[A-Za-z0-9_.*/-]+" "$page" | sed "s|^[\` '( ]||; s|[.,]*\$||" |
            grep -E "^($rooms)/" | grep -v '[A-Z]\{3\}' | sort -u); do
            compgen -G "$path" >/dev/null || [[ -n $made && $path =~ $made ]] || { echo "$page: no \"$path\""; missing=1; }
        done
    done
    mapfile -t others < <(files '*.yaml' '*.py' Makefile)
    for path in $(grep -ohE '\bdocs/[a-z0-9-]+\.(md|bib)' "${sources[@]}" "${headers[@]}" "${scripts[@]}" "${others[@]}" |
        sort -u); do
        [ -e "$path" ] || { echo "sources name \"$path\", which is not there"; missing=1; }
    done
    return "$missing"
}

shell()
{
    shellcheck --severity=warning "${scripts[@]}"
}

man_pages()
{
    local said
    said=$(mandoc -T lint -W warning "$build"/man/*.1)
    [ -z "$said" ] || { echo "$said"; return 1; }
}

compile()
{
    printf '%s\n' "${sources[@]}" | each "$1 $flags -Werror -fsyntax-only {}"
}

headers_alone()
{
    printf '%s\n' "${headers[@]}" | each "echo '#include \"{}\"' | cc $flags -Werror -fsyntax-only -x c - || { echo {}; false; }"
}

# Methods and metrics keep no state: their objects hold no data that can be written, but for the tables that plugins join.
no_state()
{
    local held
    held=$(objdump -t "$build"/methods/*.o "$build"/metrics/*.o | awk '
        / file format / { file = $1 }
        file !~ /_table\.o:$/ && / O (\*COM\*|\.(t?bss|t?data|data\.rel|data\.rel\.local))\t/ { print file, $NF }')
    [ -z "$held" ] || { echo "data that can be written: $held"; return 1; }
}

# Tests are left out: the analyser does not know that cmocka's assertions end a test.
tidy()
{
    printf '%s\n' "${analysed[@]}" | grep -v ^tests/ |
        each "clang-tidy --quiet {} -- $flags 2>/dev/null | grep 'error:'; exit \${PIPESTATUS[0]}"
}

# Left out: what cppcheck sees wrongly in this code, and what AddressSanitizer sees better.
cpp_check()
{
    [ ${#analysed[@]} -gt 0 ] || return 0
    cppcheck --quiet -j "$jobs" --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
        --library=tools/lint/cppcheck.cfg --suppress=arrayIndexThenCheck --suppress=legacyUninitvar \
        --suppress=uninitdata --suppress=ctuuninitvar --suppress=memleak -I. "${analysed[@]}"
}

check "include directions" includes
check "no circle of includes" tools/check_circles.sh "${sources[@]}" "${headers[@]}"
check "order of rooms" rooms_in_order
check "at most 600 lines a file" file_length
check "unique file names" unique_names
check "commit subjects" commit_subjects
check "messages" tools/lint/messages.sh
check "references" references
check "every method and metric has a test" tested
check "methods and metrics in docs/" documented
check "links" links
check "names in docs/architecture.md" tools/lint/architecture.sh
check "paths in docs/" named_paths
check "clang-format" format
check "shellcheck" shell
if [ "${1:-}" != quick ]; then
    check "gcc" compile gcc
    check "clang" compile clang
    check "every header compiles alone" headers_alone
    check "no state in methods and metrics" no_state
    check "manual pages" man_pages
    check "cppcheck" cpp_check
    check "clang-tidy" tidy
fi
exit $status
