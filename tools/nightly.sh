#!/bin/sh
# A night: measures configs/nightly.yaml and prints what has changed since results/baseline, if anything has. The first
# night makes the baseline. Exit: as `cambench compare`: 0 nothing changed, 1 a difference, 2 nothing compared; 130
# interrupted. `make nightly` ends with 2 whatever fails, because make has no other code: the file results/nightly.exit
# contains the exit code of the night.
# usage: nightly.sh [PROGRAM]      from the project's root
set -u
program=${1:-build/cambench} base=results/baseline new=results/nightly first=

# finish CODE
finish()
{
    echo "$1" >results/nightly.exit
    case $1 in
    0) ;;
    1) echo "nightly.sh: exit 1: something has changed since $base" >&2 ;;
    130) echo "nightly.sh: exit 130: interrupted" >&2 ;;
    *) echo "nightly.sh: exit $1: the night could not be measured or compared" >&2 ;;
    esac
    exit "$1"
}

measure()
{
    "$program" run configs/nightly.yaml --fresh --quiet --output "$new" || finish $?
}

mkdir -p results || exit 2
rm -f results/nightly.exit
[ -e "$base" ] || first=--update-baseline
measure
# If only times differ, the machine may have been busy: a second run shows whether the difference is real.
if [ -z "$first" ] && "$program" compare "$base" "$new" --quiet --speed 0 >/dev/null 2>&1 &&
    ! "$program" compare "$base" "$new" --quiet >/dev/null 2>&1; then
    measure
fi
"$program" compare "$base" "$new" --quiet --history results/history.db --junit results/nightly.xml $first
finish $?
