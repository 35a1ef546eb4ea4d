#!/bin/sh
# A night: measures configs/nightly.yaml and says what has changed since results/baseline; nothing, if nothing has. The
# first night makes the baseline. Exit: as `cambench compare`: 0 nothing changed, 1 a difference, 2 nothing compared.
# usage: nightly.sh [PROGRAM]      from the project's root
set -u
program=${1:-build/cambench} base=results/baseline new=results/nightly first=
[ -e "$base" ] || first=--update-baseline
"$program" run configs/nightly.yaml --fresh --quiet --output "$new" || exit 2
# Times alone may differ because the machine was in another mood: what is true shows again at once.
if [ -z "$first" ] && "$program" compare "$base" "$new" --quiet --speed 0 >/dev/null 2>&1 &&
    ! "$program" compare "$base" "$new" --quiet >/dev/null 2>&1; then
    "$program" run configs/nightly.yaml --fresh --quiet --output "$new" || exit 2
fi
"$program" compare "$base" "$new" --quiet --history results/history.db --junit results/nightly.xml $first
