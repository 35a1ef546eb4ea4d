# A job array of Slurm, one task killed, one out of time, one preempted, and requeued: merged, it is the single run.
. "$ROOT/tests/clusters/local_slurm.sh"
# wait_for COMMAND...: at most five minutes
wait_for()
{
    local begun=$SECONDS
    until "$@"; do
        [ $((SECONDS - begun)) -lt 300 ] || { echo "waited in vain: $*" >&2 && squeue >&2 && exit 1; }
        sleep 0.05
    done
}
lock_of()
{
    echo "array/shard-$1-of-4/run.lock"
}
# signal_shard SIGNAL I: to the process that measures it
signal_shard()
{
    kill "-$1" "$(sed 's/process \([0-9]*\) .*/\1/' "$(lock_of "$2")")"
}
# Where something went wrong, too, no process stays behind.
clean_up()
{
    local i
    for i in 2 3 4; do signal_shard KILL $i; done 2>/dev/null
    slurm_stop
}
# hold I: stops the process as soon as it is at work, so that it waits for whatever is to happen to it.
hold()
{
    wait_for test -s "$(lock_of "$1")"
    signal_shard STOP "$1"
}

mkdir slurm
slurm_start slurm || skip "$slurm_problem"
trap clean_up EXIT
cambench generate weights vgg11 --classes 5 --width 0.125 --size 64 --out vgg11.h5 --quiet
cat >config.yaml <<'YAML'
name: array
dataset: {path: fixtures/set.h5}
backbones: [{arch: vgg11, weights: vgg11.h5}]
methods:
  - gradcam
  - {name: scorecam, label: a, params: {scoring: paper}}
  - {name: scorecam, label: b, params: {scoring: paper}}
  - {name: scorecam, label: c, params: {scoring: paper}}
metrics: [average_drop, coherency, adcc]
report: {plots: false, overlays: 4, bootstrap: 50}
YAML
cambench run config.yaml --quiet --output whole

held=
for i in 2 3 4; do
    hold $i &
    held="$held $!"
done
# the script of the documentation, with one core a task
sed -n '/^#SBATCH --array/,/^```/p' "$ROOT/docs/clusters.md" | sed '1i #!/bin/bash
/^```/d' >array.sh
job=$(sbatch --parsable --array=0-3 --cpus-per-task=1 --output=task-%a.txt array.sh config.yaml --output array)
for pid in $held; do
    wait "$pid" || exit 1
done

# A controller that is too busy to answer says nothing.
state_of()
{
    squeue -h -t all -j "${job}_$1" -o %T 2>/dev/null
}
is_in_state()
{
    [ "$(state_of "$1")" = "$2" ]
}
# A requeued job waits for two minutes before it begins again, unless it is told not to.
begin_again()
{
    wait_for is_in_state "$1" PENDING
    scontrol update JobId="${job}_$1" StartTime=now
}
# On a busy machine what was meant for a task's first life may end its second one before it has begun: then again.
all_are_done()
{
    local i
    for i in 0 1 2 3; do
        case $(state_of $i) in
        COMPLETED) ;;
        FAILED) scontrol requeue "${job}_$i" && begin_again $i && return 1 ;;
        *) return 1 ;;
        esac
    done
}

signal_shard KILL 2
signal_shard TERM 3
signal_shard CONT 3
scontrol requeue "${job}_3"
wait_for is_in_state 1 FAILED
scontrol requeue "${job}_1"
begin_again 1
begin_again 2 # which the script itself has requeued
begin_again 3
wait_for all_are_done
for task in 0 1 2 3; do
    echo "task $task: begun $(grep -c '^run' task-$task.txt) times; $(tail -n 1 task-$task.txt)"
done
cambench merge array | head -n 1
cmp whole/summary.csv array/summary.csv && cmp whole/per_image.csv array/per_image.csv && echo same
