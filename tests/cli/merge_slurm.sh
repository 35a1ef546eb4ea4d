# A job array of Slurm, one task killed, one out of time, one preempted, and requeued: merged, it is the single run.
# Daemons, timers and signals: on a busy machine it may fail for reasons of its own, so it runs only where it is asked for.
[ -n "${CAMBENCH_SLURM:-}" ] || skip "needs slurm-wlm, a minute and CAMBENCH_SLURM=1"
. "$ROOT/tests/clusters/local_slurm.sh"
mkdir slurm
slurm_start slurm || skip "$slurm_problem"
trap slurm_stop EXIT
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
# the script of the documentation, with one core a task
sed -n '/^#SBATCH --array/,/^```/p' "$ROOT/docs/clusters.md" | sed '1i #!/bin/bash
/^```/d' >array.sh
job=$(sbatch --parsable --array=0-3 --cpus-per-task=1 --output=task-%a.txt array.sh config.yaml --output array)

# wait_for COMMAND...: at most two minutes
wait_for()
{
    local i
    for i in $(seq 1200); do
        "$@" && return
        sleep 0.1
    done
    echo "waited for $i: $*" >&2
    squeue >&2
    exit 1
}
state_of()
{
    squeue -h -t all -j "${job}_$1" -o %T
}
is_in_state()
{
    [[ $(state_of "$1") = "$2" ]]
}
# A requeued job waits for two minutes before it begins again, unless it is told not to.
begin_again()
{
    wait_for is_in_state "$1" PENDING
    scontrol update JobId="${job}_$1" StartTime=now
}
is_over()
{
    [ -z "$(squeue -h -j "$job")" ]
}

# signal_shard SIGNAL I: to the process that measures it
signal_shard()
{
    local lock=array/shard-$2-of-4/run.lock
    wait_for test -s "$lock"
    kill "-$1" "$(sed 's/process \([0-9]*\) .*/\1/' "$lock")"
}

signal_shard KILL 2
signal_shard TERM 3
wait_for test -s array/shard-4-of-4/run.lock
scontrol requeue "${job}_3"
wait_for is_in_state 1 FAILED
scontrol requeue "${job}_1"
begin_again 1
begin_again 2 # which the script itself has requeued
begin_again 3
wait_for is_over
for task in 0 1 2 3; do
    echo "task $task: begun $(grep -c '^run' task-$task.txt) times; $(tail -n 1 task-$task.txt)"
done
cambench merge array | head -n 1
cmp whole/summary.csv array/summary.csv && cmp whole/per_image.csv array/per_image.csv && echo same
