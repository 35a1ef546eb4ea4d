#!/bin/bash
# Runs commands in which the n-th call of a kind fails: they must end with exit 2 or 3 and one line on stderr, or with
# exit 0 and the right bytes, never by a signal, and leave no files. Then the same command must end with exit 0 and the
# right bytes.
# usage: faults.sh LIBRARY [MOST]     LIBRARY: tests/survival/faults.c, built; MOST: how many n of each series (0: all)
# KINDS and COMMANDS choose series, SHARE="I N" every N-th n from I on, UNTIL the last n, FAULTS_DIR a folder to work in
# (a tmpfs is fast). For whole series of memory: LEAST=1 takes one picture, one network and one method; RECOVER=N runs
# the command again only after every N-th fault that ended with exit 2 and left nothing temporary.
. "${0%/*}/survival.sh"
library=$(realpath "$1")
most=${2:-0}
recover_step=${RECOVER:-1}
read -r share_first share_step <<<"${SHARE:-1 1}"
shopt -s globstar nullglob dotglob
work=$(mktemp -d -p "${FAULTS_DIR:-/tmp}")
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
small_set .
export XDG_CACHE_HOME=$work/cache OMP_NUM_THREADS=2

if [ "${LEAST:-0}" = 1 ]; then
    rm pictures/cat/colour_4* pictures/dog/progressive.jpg
    cp "$ROOT/tests/golden/pictures/grey_2_bit.png" pictures/cat
    cambench import dataset pictures --out set.h5 --quiet
    cambench generate weights vgg11 --classes 2 --width 0.0625 --size 64 --out vgg11.h5 --quiet
    network=vgg11 methods=gradcam metrics="average_drop, coherency" images=1
else
    network=resnet18 methods="gradcam, reciprocam" metrics="average_drop, coherency, adcc" images=2
fi
picture=(pictures/cat/*g)
sheet=${picture##*/} sheet=${sheet%.*}-$network.png
cat >config.yaml <<YAML
name: faults
dataset: {path: set.h5, images: $images}
backbones: [{arch: $network, weights: $network.h5}]
methods: [$methods]
metrics: [$metrics]
report: {plots: true, overlays: 1, maps: true, bootstrap: 20}
YAML
cp "$ROOT/tests/golden/narrow/resnet18.pth" net.pth
sed -e "s/$network/resnet18/g; s/resnet18.h5/net.pth/; s/images: 2/images: 1/; s/plots: true/plots: false/" config.yaml >config-pth.yaml
tar cf pictures.tar pictures

# -- commands: NAME.clean makes the command's inputs, NAME.do runs it with output in out/ ------------------------------
faults=()
go() { timeout -s KILL 60 env "${faults[@]}" cambench "$@"; }
run.do() { go run config.yaml --quiet --threads 1 --set report.plots=false --output out; }
plots.do() { go run config.yaml --quiet --threads 1 --output out; }
threads.do() { go run config.yaml --quiet --threads 2 --set report.plots=false --output out; }
cache.do() { go run config-pth.yaml --quiet --threads 1 --output out && cp cache/cambench/weights/* out; }
dataset.do() { go import dataset pictures --out out/set.h5 --quiet; }
archive.do() { go import dataset pictures.tar --out out/set.h5 --quiet; }
weights.do() { go import weights net.pth --arch resnet18 --out out/net.h5 --quiet; }
generate.do() { go generate weights vgg11 --classes 5 --width 0.125 --size 64 --out out/net.h5 --quiet; }
demo.do() { go generate demo --images 3 --out out/demo.h5 --quiet; }
explain.do() { go explain "${picture[0]}" --weights $network.h5 --threads 1 --quiet --output out; }
report.do() { go report out; }
report.clean()
{
    [ -e done-run ] || cambench run config.yaml --quiet --threads 1 --set report.plots=false --output done-run
    cp -r done-run out
}
merge.clean()
{
    local i
    for i in 1 2; do
        [ -e done-shards/shard-$i-of-2 ] || cambench run config.yaml --quiet --threads 1 --set report.maps=false \
            --set dataset.images=2 --shard $i/2 --output done-shards
    done
    mkdir out
}
merge.do() { go merge done-shards --quiet --output out; }

# -- a series --------------------------------------------------------------------------------------------------------
clean()
{
    rm -rf out cache
    mkdir out
    [ "$(type -t "$1.clean")" != function ] || { rmdir out && "$1.clean"; }
}

# errors: counts the lines on stderr, other than warnings and those that libraries print, in $error_count
errors()
{
    local line
    error_count=0
    while read -r line; do
        case $line in
        'cambench: warning'* | 'Fatal Internal Error in libarchive'* | 'libgomp: '* | '') ;;
        *) error_count=$((error_count + 1)) ;;
        esac
    done <err
}

# files: check sums of the files in out/ that contain no times; for explain's sheets, which show a time, of the last
# bytes
files()
{
    (cd out && find . -type f ! -name run.db ! -name '*.lock' ! -name "$sheet" -exec sha256sum {} + &&
        { [ ! -e "$sheet" ] || echo "$(tail -c 8 "$sheet" | od -An -tx1 | tr -d " ")  ./$sheet"; }) | sort
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
    local sum path other
    files >out.files
    other=$(comm -23 whole.files out.files)
    [ -z "$other" ] || complain "$1: exit 0, other bytes: $(head -n 3 <<<"$other")"
    while read -r sum path; do
        if [ -e "out/$path" ]; then
            complain "$1: exit 0, other bytes: $path, not $sum"
        elif [ ! -s err ]; then
            complain "$1: exit 0, without a warning: no $path"
        fi
    done < <(comm -23 whole.drawn out.files)
}

# recover COMMAND WHAT: the same command without a fault
recover()
{
    local code=0
    "$1.do" >/dev/null 2>err || code=$?
    errors
    [ "$code $error_count" = "0 0" ] || complain "$2: then exit $code: $(head -c 600 err)"
    same_bytes "$2, then"
    no_leftovers out "$2, then"
    [ ! -e out/run.db ] || is_sound out "$2"
}

# fault COMMAND KIND N LASTS
fault()
{
    local what="$1, $2 $3" code=0 left
    [ "$4" = 0 ] || what+=" and all after it"
    clean "$1"
    faults=("LD_PRELOAD=$library" "FAULT_KIND=$2" "FAULT_AT=$3" "FAULT_LASTS=$4")
    "$1.do" >/dev/null 2>err || code=$?
    faults=()
    errors
    case $code in
    0) same_bytes "$what" ;;
    2 | 3) [ "$error_count" -eq 1 ] || complain "$what: exit $code, on stderr: $(head -c 600 err)" ;;
    *) complain "$what: exit $code: $(head -c 600 err)" ;;
    esac
    exits[code]=$((${exits[code]:-0} + 1))
    left=(**/*.part-*)
    [ ${#left[@]} -eq 0 ] || complain "$what: left behind: ${left[*]}"
    [ $code -ne 0 ] || { no_leftovers out "$what" && return 0; }
    [ "$code ${#left[@]} $(($3 % recover_step > 0))" = "2 0 1" ] || recover "$1" "$what"
}

# series COMMAND KIND
series()
{
    local count last n step tried=0
    exits=()
    clean "$1"
    faults=("LD_PRELOAD=$library" "FAULT_KIND=$2" FAULT_AT=0 "FAULT_COUNT=$work/count")
    "$1.do" >/dev/null 2>err || complain "$1, $2: $(cat err)"
    faults=()
    count=$(cat count)
    last=${UNTIL:-$count}
    step=$((most > 0 && count > most ? count / most : share_step))
    for ((n = share_first; n <= count && n <= last; n += step)); do
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
