#!/bin/bash
# Runs commands in which the n-th call of a kind fails: they must end with exit 2 or 3 and one line on stderr, or with
# exit 0 and the right bytes, never by a signal, and leave no files. Then the same command must end with exit 0 and the
# right bytes.
# usage: faults.sh LIBRARY [MOST]     LIBRARY: tests/survival/faults.c, built; MOST: how many n of each series (0: all)
# KINDS and COMMANDS choose series, SHARE="I N" every N-th n from I on, FAULTS_DIR a folder to work in (a tmpfs is fast).
. "${0%/*}/survival.sh"
library=$(realpath "$1")
most=${2:-0}
read -r share_first share_step <<<"${SHARE:-1 1}"
work=$(mktemp -d -p "${FAULTS_DIR:-/tmp}")
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
small_set .
export XDG_CACHE_HOME=$work/cache OMP_NUM_THREADS=2

cat >config.yaml <<'YAML'
name: faults
dataset: {path: set.h5, images: 2}
backbones: [{arch: resnet18, weights: resnet18.h5}]
methods: [gradcam, reciprocam]
metrics: [average_drop, coherency, adcc]
report: {plots: true, overlays: 1, maps: true, bootstrap: 20}
YAML
cp "$ROOT/tests/golden/narrow/resnet18.pth" net.pth
sed -e "s/resnet18.h5/net.pth/; s/images: 2/images: 1/; s/plots: true/plots: false/" config.yaml >config-pth.yaml
cambench run config.yaml --quiet --threads 1 --set report.plots=false --output done-run
for i in 1 2; do cambench run config.yaml --quiet --threads 1 --set report.maps=false --shard $i/2 --output done-shards; done

# -- commands: NAME.clean makes the command's inputs, NAME.do runs it with output in out/ ------------------------------
faults=()
go() { env "${faults[@]}" cambench "$@"; }
run.do() { go run config.yaml --quiet --threads 1 --set report.plots=false --output out; }
plots.do() { go run config.yaml --quiet --threads 1 --output out; }
threads.do() { go run config.yaml --quiet --threads 2 --set report.plots=false --output out; }
cache.do() { go run config-pth.yaml --quiet --threads 1 --output out && cp cache/cambench/weights/* out; }
dataset.do() { go import dataset pictures --out out/set.h5 --quiet; }
weights.do() { go import weights net.pth --arch resnet18 --out out/net.h5 --quiet; }
generate.do() { go generate weights vgg11 --classes 5 --width 0.125 --size 64 --out out/net.h5 --quiet; }
demo.do() { go generate demo --images 3 --out out/demo.h5 --quiet; }
explain.do() { go explain pictures/cat/colour_420.jpg --weights resnet18.h5 --threads 1 --quiet --output out; }
report.do() { go report out; }
report.clean() { cp -r done-run out; }
merge.do() { go merge done-shards --quiet --output out; }

# -- a series --------------------------------------------------------------------------------------------------------
clean()
{
    rm -rf out cache
    mkdir out
    [ "$(type -t "$1.clean")" != function ] || { rmdir out && "$1.clean"; }
}

# errors: the lines of the command other than warnings
errors() { grep -v '^cambench: warning\|^Fatal Internal Error in libarchive' err; }

# files: check sums of the files in out/ that contain no times; for explain's sheets, which show a time, of the last
# bytes
files()
{
    (cd out && find . -type f ! -name run.db ! -name '*.lock' ! -name 'colour_420-*.png' -exec sha256sum {} + &&
        find . -name 'colour_420-*.png' -exec sh -c 'for f; do echo "$(tail -c 8 "$f" | od -An -tx1 | tr -d " ")  $f"; done' sh {} +) | sort
}

# undisturbed COMMAND: runs it without a fault and lists its files in out.files
undisturbed()
{
    clean "$1"
    "$1.do" >/dev/null 2>err || complain "$1: $(cat err)"
    files >out.files
}

# reference COMMAND: lists the files that two undisturbed runs have in common, except drawings
reference()
{
    undisturbed "$1"
    mv out.files first.files
    undisturbed "$1"
    comm -12 first.files out.files >same.files
    grep -v '\.\(png\|svg\|pdf\)$' same.files >whole.files
    grep '\.\(png\|svg\|pdf\)$' same.files >whole.drawn
}

# same_bytes WHAT: checks that all files have the right bytes; drawings may be missing with a warning
same_bytes()
{
    local sum path
    files >out.files
    comm -23 whole.files out.files | grep -q . &&
        complain "$1: exit 0, other bytes: $(comm -23 whole.files out.files | head -n 3)"
    while read -r sum path; do
        if [ -e "out/$path" ]; then
            complain "$1: exit 0, other bytes: $path, not $sum"
        elif [ ! -s err ]; then
            complain "$1: exit 0, without a warning: no $path"
        fi
    done < <(comm -23 whole.drawn out.files)
}

# fault COMMAND KIND N LASTS
fault()
{
    local what="$1, $2 $3" code=0
    [ "$4" = 0 ] || what+=" and all after it"
    clean "$1"
    faults=("LD_PRELOAD=$library" "FAULT_KIND=$2" "FAULT_AT=$3" "FAULT_LASTS=$4")
    "$1.do" >/dev/null 2>err || code=$?
    faults=()
    case $code in
    0) same_bytes "$what" ;;
    2 | 3) [ "$(errors | wc -l)" -eq 1 ] ||
        complain "$what: exit $code, on stderr: $(head -c 600 err)" ;;
    *) complain "$what: exit $code: $(head -c 600 err)" ;;
    esac
    exits[code]=$((${exits[code]:-0} + 1))
    [ -z "$(find . -name '*.part-*')" ] || complain "$what: left behind: $(find . -name '*.part-*')"
    [ $code -ne 0 ] || { no_leftovers out "$what" && return 0; }
    code=0
    "$1.do" >/dev/null 2>err || code=$?
    [ "$code$(errors)" = 0 ] || complain "$what: then exit $code: $(head -c 600 err)"
    same_bytes "$what, then"
    no_leftovers out "$what, then"
    [ ! -e out/run.db ] || is_sound out "$what"
}

# series COMMAND KIND
series()
{
    local count n step tried=0
    exits=()
    clean "$1"
    faults=("LD_PRELOAD=$library" "FAULT_KIND=$2" FAULT_AT=0 "FAULT_COUNT=$work/count")
    "$1.do" >/dev/null 2>err || complain "$1, $2: $(cat err)"
    faults=()
    count=$(cat count)
    step=$((most > 0 && count > most ? count / most : share_step))
    for ((n = share_first; n <= count; n += step)); do
        fault "$1" "$2" "$n" 0
        [ "$2" != write ] || fault "$1" "$2" "$n" 1
        tried=$((tried + 1))
    done
    echo "$1, $2: $tried of $count; exit codes:$(for code in "${!exits[@]}"; do echo -n " $code x ${exits[code]}"; done)" >&3
}

for command in ${COMMANDS:-run plots threads cache dataset weights generate demo explain report merge}; do
    reference "$command"
    for kind in ${KINDS:-memory map thread write sync rename open read}; do
        series "$command" "$kind"
    done
done 3>&"${VERBOSE:-2}"
conclude "every fault was survived"
