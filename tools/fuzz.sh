#!/bin/bash
# Runs the harnesses of tests/fuzz/ under libFuzzer, one after the other, from their seeds and what earlier runs have found.
# usage: fuzz.sh FOLDER NAME...     FOLDER: of the programs, and for what they find
#     FUZZ_SECONDS  of each (60); FUZZ_RUNS  inputs of each instead
#     FUZZ_TIMEOUT  an input that takes longer (seconds) counts as a crash (1)
set -u
folder=$1
shift
limit=-max_total_time=${FUZZ_SECONDS:-60}
[ -z "${FUZZ_RUNS:-}" ] || limit=-runs=$FUZZ_RUNS
status=0
for name; do
    mkdir -p "$folder/found/$name" "$folder/broken"
    mapfile -t seeds < <(grep '^FUZZ_SEEDS' "tests/fuzz/fuzz_$name.c" | grep -o '"[^"]*"' | tr -d '"')
    echo "fuzz: $name"
    "$folder/fuzz_$name" "$limit" -timeout="${FUZZ_TIMEOUT:-1}" -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 \
        -artifact_prefix="$folder/broken/$name-" "$folder/found/$name" "${seeds[@]}" >"$folder/$name.log" 2>&1 || status=1
    grep -E '^(stat::number_of_executed|stat::peak_rss|SUMMARY|==)|ERROR' "$folder/$name.log"
done
[ "$status" -eq 0 ] || echo "fuzz: inputs that broke something: $folder/broken; the logs say how"
exit "$status"
