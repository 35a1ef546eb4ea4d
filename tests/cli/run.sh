#!/bin/bash
# Runs the cases of this folder: each NAME.sh in an empty folder of its own, with cambench on the PATH and the files
# that fixtures.sh has made in ./fixtures. What it writes must equal NAME.out, NAME.err (absent: nothing) and NAME.exit
# (absent: 0). In these files "*" stands for anything in a line and a line "..." for any lines; all else is literal. A case
# that ends with skip() is not compared.
# usage: run.sh [-w] [NAME...]      -w: write the files that a case lacks, for you to read and to shorten with "*"
#     CAMBENCH  the program (build/cambench)
set -u
export LC_ALL=C NO_COLOR=1 TERM=dumb
unset ARGP_HELP_FMT "${!SLURM_@}" "${!OMPI_@}" "${!PMI_@}" JOB_COMPLETION_INDEX CAMBENCH_SHARDS
here=$(cd "$(dirname "$0")" && pwd)
ROOT=$(cd "$here/../.." && pwd)
program=$(realpath "${CAMBENCH:-$ROOT/build/cambench}")
export ROOT BUILD=${program%/*}
write=
if [ "${1:-}" = -w ]; then write=1; shift; fi
[ -x "$program" ] || { echo "run.sh: no program \"$program\": make builds it" >&2; exit 2; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/fixtures"
ln -s "$program" "$work/bin/cambench"
export PATH="$work/bin:$PATH"

# Whether the lines of the array `got` from $1 on fit the array `want` from $2 on.
fits()
{
    local g=$1 w=$2 pattern
    while [ "$w" -lt ${#want[@]} ]; do
        if [ "${want[w]}" = ... ]; then
            for (( ; g <= ${#got[@]}; g++)); do
                fits "$g" $((w + 1)) && return 0
            done
            return 1
        fi
        [ "$g" -lt ${#got[@]} ] || return 1
        pattern=$(sed 's/[][\\?()|+@!]/\\&/g' <<<"${want[w]}")
        # shellcheck disable=SC2053 # a pattern is meant
        [[ ${got[g]} == $pattern ]] || return 1
        g=$((g + 1)) w=$((w + 1))
    done
    [ "$g" -eq ${#got[@]} ]
}

# same NAME KIND FALLBACK: compares what case NAME gave with what is expected, or says how they differ.
same()
{
    local got want expected=$here/$1.$2
    if [ -n "$write" ] && [ ! -e "$expected" ] && [ "$(cat "$work/$2")" != "$3" ]; then
        cp "$work/$2" "$expected"
    fi
    [ -e "$expected" ] || { expected=$work/expected; printf '%s' "${3:+$3$'\n'}" >"$expected"; }
    mapfile -t got <"$work/$2"
    mapfile -t want <"$expected"
    fits 0 0 && return 0
    echo "FAILED $1: .$2 differs (- expected, + got)"
    diff -U 2 "$expected" "$work/$2" | tail -n +3
    return 1
}

run_case()
{
    local name=$1 wrong=0
    mkdir "$work/case"
    ln -s "$work/fixtures" "$work/case/fixtures"
    # shellcheck disable=SC2016 # expanded by the inner shell
    (cd "$work/case" && bash -uc '. "$ROOT/tests/cli/lib.sh"; . "$ROOT/tests/cli/$0.sh"' "$name" </dev/null) \
        >"$work/out" 2>"$work/err"
    echo $? >"$work/exit"
    if [ "$(cat "$work/exit")" -eq 77 ]; then
        echo "skipped $name: $(cat "$work/err")"
        rm -rf "$work/case"
        return 0
    fi
    same "$name" exit 0 || wrong=1
    same "$name" err "" || wrong=1
    same "$name" out "" || wrong=1
    rm -rf "$work/case"
    return $wrong
}

(cd "$work/fixtures" && bash -eu "$here/fixtures.sh") >"$work/out" 2>&1 ||
    { cat "$work/out"; echo "run.sh: fixtures.sh has failed"; echo "0 passed, 1 failed"; exit 1; }
[ $# -gt 0 ] || mapfile -t cases < <(cd "$here" && ls -- *.sh)
passed=0 failed=0
for name in "${cases[@]-$@}"; do
    name=${name%.sh}
    case $name in run | lib | fixtures) continue ;; esac
    if run_case "$name"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
