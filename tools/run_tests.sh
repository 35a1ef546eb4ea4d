#!/bin/sh
# Runs test programs (cmocka) and the command-line tests; one line each, the whole output of those that fail,
# and a last line "N passed, N failed".
# usage: run_tests.sh PROGRAM...
#     CAMBENCH  the program that the command-line tests run; without it they are left out
#     RUNNER    a command that runs the test programs, such as an emulator;  JOBS  how many at once
set -eu
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

# Each program's output and exit code go to files of their own, so that several may run at once.
# shellcheck disable=SC2016 # expanded by the inner shell
run_one='
    log=$0/$(echo "$1" | tr / _)
    code=0; timeout "${TEST_TIMEOUT:-900}" ${RUNNER-} "$1" >"$log.out" 2>&1 || code=$?
    echo "$code" >"$log.code"'

total_passed=0 total_failed=0
tally()
{
    total_passed=$((total_passed + $2)) total_failed=$((total_failed + $3))
    printf '%-44s %5d passed %5d failed\n' "$1" "$2" "$3"
}

printf '%s\n' "$@" | xargs -P "${JOBS:-2}" -n 1 sh -c "$run_one" "$logs"
for program in "$@"; do
    log=$logs/$(echo "$program" | tr / _)
    code=$(cat "$log.code")
    passed=$(grep -c '^\[       OK \]' "$log.out" || true)
    failed=$(sed -n 's/^\[  FAILED  \] \([A-Za-z_].*\)/\1/p' "$log.out" | sort -u | wc -l)
    # a program that died outside its tests (a leak, a signal) has failed too
    [ "$code" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
    [ "$failed" -eq 0 ] || { cat "$log.out"; echo "$program: exit code $code"; }
    tally "${program#*/tests/}" "$passed" "$failed"
done

if [ -n "${CAMBENCH-}" ]; then
    code=0
    bash tests/cli/run.sh >"$logs/cli.out" 2>&1 || code=$?
    passed=$(sed -n 's/^\([0-9][0-9]*\) passed, [0-9]* failed.*/\1/p' "$logs/cli.out" | tail -n 1)
    failed=$(sed -n 's/^[0-9][0-9]* passed, \([0-9]*\) failed.*/\1/p' "$logs/cli.out" | tail -n 1)
    [ "$code" -eq 0 ] || [ "${failed:-0}" -gt 0 ] || failed=1
    [ "$code" -eq 0 ] || { cat "$logs/cli.out"; echo "tests/cli/run.sh: exit code $code"; }
    [ "$code" -ne 0 ] || grep '^skipped ' "$logs/cli.out" || true
    tally cli "${passed:-0}" "${failed:-0}"
fi
echo "$total_passed passed, $total_failed failed"
[ "$total_failed" -eq 0 ]
