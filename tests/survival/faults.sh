#!/bin/bash
# A small run in which the n-th call of a kind fails: one line on stderr and exit 2 or 3, or success; then the run goes on
# and ends with the bytes of an undisturbed one.
# usage: faults.sh LIBRARY [MOST]     LIBRARY: tests/survival/faults.c, built; MOST: how many n of each kind (0: all)
. "${0%/*}/survival.sh"
library=$(realpath "$1")
most=${2:-0}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
small_set .

cat >config.yaml <<'YAML'
name: faults
dataset: {path: set.h5, images: 2}
backbones: [{arch: resnet18, weights: resnet18.h5}]
methods: [gradcam, reciprocam]
metrics: [average_drop, coherency, adcc]
report: {plots: true, overlays: 1, maps: true, bootstrap: 20}
YAML

# go PLOTS [NAME=VALUE...]: one run, with the faults that are asked for
go()
{
    local plots=$1
    shift
    env "$@" cambench run config.yaml --quiet --threads 1 --set "report.plots=$plots" --output run 2>err
}

# fault KIND N LASTS PLOTS
fault()
{
    local what="$1 $2" code=0
    [ "$3" = 0 ] || what+=" and all behind it"
    rm -rf run
    go "$4" LD_PRELOAD="$library" FAULT_KIND="$1" FAULT_AT="$2" FAULT_LASTS="$3" || code=$?
    case $code in
    0) ;;
    2 | 3) [ "$(wc -l <err)" -eq 1 ] || complain "$what: exit $code, on stderr: $(head -c 600 err)" ;;
    *) complain "$what: exit $code: $(head -c 600 err)" ;;
    esac
    code=0
    go "$4" || code=$?
    [ $code -eq 0 ] && [ ! -s err ] || complain "$what: then exit $code: $(head -c 600 err)"
    same_tables run whole "$what"
    no_leftovers run "$what"
    is_sound run "$what"
    tried=$((tried + 1))
}

for kind in ${KINDS:-memory write sync rename open}; do
    plots=true
    [ "$kind" != memory ] || plots=false
    rm -rf run whole
    go $plots LD_PRELOAD="$library" FAULT_KIND="$kind" FAULT_AT=0 FAULT_COUNT="$work/count" || complain "$kind: $(cat err)"
    count=$(cat count)
    mv run whole
    tried=0
    step=$((most > 0 && count > most ? count / most : 1))
    for ((n = 1; n <= count; n += step)); do
        fault "$kind" "$n" 0 $plots
        [ "$kind" != write ] || fault "$kind" "$n" 1 $plots
    done
    [ $tried -gt 0 ] || complain "$kind: nothing failed"
    echo "$kind: $tried of $count" >&3
done 3>&"${VERBOSE:-2}"
conclude "every fault was survived"
