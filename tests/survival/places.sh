#!/bin/bash
# Places where a run cannot live: full, read-only and vanishing file systems, no stdout, few descriptors, and a directory
# where another process is at work. One line on stderr, exit 2 or 3, and nothing lost.
# usage: places.sh [SIZES]     SIZES: of how many sizes a disk is too small
. "${0%/*}/survival.sh"
sizes=${1:-20}
work=$(mktemp -d)
trap 'umount -l "$work"/disk "$work"/far 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
small_set .
mkdir disk far near

cat >config.yaml <<'YAML'
name: places
dataset: {path: set.h5, images: 2}
backbones: [{arch: resnet18, weights: resnet18.h5}]
methods: [gradcam, reciprocam]
metrics: [average_drop, coherency, adcc]
report: {plots: false, overlays: 1, maps: true, bootstrap: 20}
YAML

# go FOLDER [OPTION...]: one run; its exit code
go()
{
    local folder=$1
    shift
    cambench run config.yaml --quiet --threads 1 --output "$folder" "$@" 2>err
}

# one_line WHAT CODE: how a failure ends
one_line()
{
    case $2 in 2 | 3) ;; *) complain "$1: exit $2: $(head -c 300 err)" ;; esac
    [ "$(wc -l <err)" -eq 1 ] || complain "$1: on stderr: $(head -c 300 err)"
}

# goes_on FOLDER WHAT: the same command, in a better world
goes_on()
{
    local code=0
    go "$1" || code=$?
    [ $code -eq 0 ] && [ ! -s err ] || complain "$2: then exit $code: $(head -c 300 err)"
    same_tables "$1" whole "$2"
    no_leftovers "$1" "$2"
    is_sound "$1" "$2"
}

# full_disk KIB: of that size, and then of one that is large enough
full_disk()
{
    local code=0
    mount -t tmpfs -o "size=${1}k" cambench disk
    go disk/run || code=$?
    [ $code -eq 0 ] || one_line "disk of $1 KiB" $code
    [ $code -eq 0 ] || full=$((full + 1))
    mount -o remount,size=100m disk
    goes_on disk/run "disk of $1 KiB"
    umount disk
}

read_only_disk()
{
    local code=0
    mount -t tmpfs -o size=100m cambench disk
    mkdir disk/empty
    cp -r whole disk/run
    mount -o remount,ro disk
    for folder in disk/run disk/empty disk/new; do
        code=0
        go $folder || code=$?
        one_line "read-only $folder" $code
    done
    code=0
    cambench report disk/run --quiet 2>err || code=$?
    one_line "report on a read-only disk" $code
    cambench compare disk/run whole --speed 0 --quiet || complain "compare cannot read from a read-only disk"
    cambench merge disk/run --output near/merged --quiet || complain "merge cannot read from a read-only disk"
    same_tables near/merged whole "merged from a read-only disk"
    mount -o remount,rw disk
    goes_on disk/run "once read-only"
    umount disk
}

# A file system goes away under a run, and comes back with what was committed.
vanishing_disk()
{
    local code=0 before
    mount --bind near far
    go far/run --set dataset.images=4 --set 'methods=[gradcam, scorecam, reciprocam]' &
    until [ "$(items near/run)" -gt 1 ]; do sleep 0.02; done
    umount -l far
    wait $! || code=$?
    [ $code -eq 0 ] || one_line "vanished" $code
    before=$(items near/run)
    mount --bind near far
    code=0
    go far/run --set dataset.images=4 --set 'methods=[gradcam, scorecam, reciprocam]' || code=$?
    [ $code -eq 0 ] || complain "vanished, then exit $code: $(cat err)"
    [ "$(items near/run)" -eq 12 ] && [ "$before" -gt 1 ] || complain "vanished: $before items, then $(items near/run)"
    no_leftovers far/run vanished
    umount far
}

second_process()
{
    local code=0 pid
    go near/busy --set 'methods=[gradcam, scorecam]' &
    pid=$!
    until [ -s near/busy/run.lock ] && [ -s near/busy/config.yaml ]; do sleep 0.01; done
    kill -STOP "$(pgrep -P $pid -x cambench || echo $pid)"
    cambench run config.yaml --quiet --output near/busy --set 'methods=[gradcam, scorecam]' 2>err2 || code=$?
    kill -CONT "$(pgrep -P $pid -x cambench || echo $pid)"
    wait $pid || complain "the first of two processes has failed"
    mv err2 err
    one_line "the second of two processes" $code
    grep -q "in use by process [0-9]* on $(hostname)" err || complain "in use, but by whom: $(cat err)"
}

# talking_to PLACE: a run that cannot say what it has to say
talking_to()
{
    local code=0
    rm -rf run
    case $1 in
    nobody) cambench run config.yaml --threads 1 --output run >&- 2>err || code=$? ;;
    *) cambench run config.yaml --threads 1 --output run >"$1" 2>err || code=$? ;;
    esac
    one_line "stdout: $1" $code
    same_tables run whole "stdout: $1"
    is_sound run "stdout: $1"
}

few_descriptors()
{
    local code=0
    rm -rf run
    (ulimit -n "$1" && go run) || code=$?
    [ $code -eq 0 ] || one_line "$1 descriptors" $code
    [ $code -eq 0 ] || [ "$1" -lt 16 ] || complain "$1 descriptors are enough: $(cat err)"
    goes_on run "$1 descriptors"
}

go whole || complain "the undisturbed run: $(cat err)"
for count in 6 8 10 12 16 32; do few_descriptors $count; done
talking_to nobody
talking_to /dev/full
second_process
if mount -t tmpfs -o size=64k cambench disk 2>/dev/null; then
    umount disk
    whole_kib=$(du -sk whole | cut -f 1) full=0
    for ((i = 1; i <= sizes; i++)); do full_disk $((4 + 3 * whole_kib * i / (2 * sizes))); done
    [ $full -gt 0 ] || complain "no disk was too small"
    echo "too small: $full of $sizes disks" >&2
    read_only_disk
    vanishing_disk
else
    echo "skipped: full, read-only and vanishing disks (mount needs root)" >&2
fi
conclude "every place was survived"
