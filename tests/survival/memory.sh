#!/bin/bash
# The peak memory that --dry-run predicts, against the one that the run has (getrusage), for each number of threads; the
# tables must have the same bytes. A prediction may be wrong by 15 %.
# usage: memory.sh CONFIG THREADS...     demo: memory.sh configs/demo.yaml 1 2 4 16 64, from the sources' folder
. "${0%/*}/survival.sh"
config=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# peak COMMAND...: runs it; prints its peak in KiB
peak()
{
    python3 -c 'import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)' "$@"
}

for threads in "$@"; do
    predicted=$(cambench run "$config" --dry-run --threads "$threads" --output "$work/run$threads" 2>/dev/null |
        sed -n 's/^memory: .* \([0-9.]*\) \([MG]\)iB in all$/\1 \2/p' |
        awk '{ print int($1 * ($2 == "G" ? 1048576 : 1024)) }')
    if ! measured=$(peak cambench run "$config" --quiet --threads "$threads" --output "$work/run$threads"); then
        complain "$threads threads: the run failed"
        continue
    fi
    awk -v threads="$threads" -v predicted="$predicted" -v measured="$measured" 'BEGIN {
        printf "%d threads: predicted %.0f MiB, measured %.0f MiB (%+.1f %%)\n", threads, predicted / 1024,
            measured / 1024, 100 * (predicted / measured - 1)
        exit !(predicted > 0.85 * measured && predicted < 1.15 * measured)
    }' || complain "$threads threads: the prediction is wrong by more than 15 %"
    cmp -s "$work/run$threads/summary.csv" "$work/run$1/summary.csv" || complain "$threads threads: other bytes"
done
# shellcheck disable=SC2154 # survival.sh sets it
exit $((wrong > 0))
