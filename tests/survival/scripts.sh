#!/bin/bash
# Runs of methods that are scripts, while the scripts and the program are killed at random moments: no script is left
# running, no zombie, no hang, and the same command comes to the bytes of an undisturbed run. Then a script that sends random
# messages.
# usage: scripts.sh [KILLS] [MESSAGES] [SEED]
. "${0%/*}/survival.sh"
kills=${1:-8} messages=${2:-1000} seed=${3:-1}
RANDOM=$seed
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
small_set .
mkdir ids

# Grad-CAM in Perl, which says who it is and takes its time.
{
    sed -n '1,/^use warnings/p' "$ROOT/docs/examples/gradcam.pl"
    # shellcheck disable=SC2016 # Perl's variables
    echo 'open my $id, ">", "ids/$$" or die; close $id;'
    sed '1,/^use warnings/d; s/^    answer(/    select undef, undef, undef, 0.05;\n&/' "$ROOT/docs/examples/gradcam.pl"
} >script.pl
cat >config.yaml <<'YAML'
name: scripts
dataset: {path: set.h5}
backbones: [{arch: resnet18, weights: resnet18.h5}, {arch: vgg11, weights: vgg11.h5}]
methods: [gradcam, {name: process, label: script, params: {command: perl script.pl, files: [script.pl], timeout: 1}}]
metrics: [average_drop, coherency]
runtime: {threads: 2, on_error: skip}
report: {plots: false, overlays: 0, bootstrap: 50}
YAML

# running_scripts PROGRAM: the ids of scripts that run. A zombie of PROGRAM counts; one that init has not collected does not.
running_scripts()
{
    local id state
    for id in ids/*; do
        state=$(sed 's/.*) \(.\) \([0-9]*\) .*/\1 \2/' "/proc/${id#ids/}/stat" 2>/dev/null) || continue
        case $state in "" | Z\ 1) ;; Z\ *) [ "${state#* }" != "$1" ] || echo "${id#ids/}" ;; *) echo "${id#ids/}" ;; esac
    done
}

# Names the scripts that still run a second after their program has ended.
left_running()
{
    local tries
    for ((tries = 0; tries < 100; tries++)); do
        if [ -z "$(running_scripts 0)" ]; then rm -f ids/*; return; fi
        sleep 0.01
    done
    complain "$1: still running: $(ps -o pid=,ppid=,stat=,args= -p "$(running_scripts 0 | paste -sd,)")"
    rm -f ids/*
}

# A script that runs, chosen at random; nothing if there is none.
some_script()
{
    local list
    mapfile -t list < <(running_scripts $program)
    [ ${#list[@]} -eq 0 ] || echo "${list[RANDOM % ${#list[@]}]}"
}

cambench run config.yaml --quiet --output whole || complain "the undisturbed run has failed"
left_running "the undisturbed run"

hits_script=0 hits_program=0 ends=0
for ((i = 0; hits_script + hits_program < kills && i < 20 * kills; i++)); do
    cambench run config.yaml --quiet --output run 2>err &
    program=$!
    signals=(KILL TERM SEGV STOP)
    if [ $((RANDOM % 2)) -eq 0 ]; then
        sleep "0.$(printf %03d $((RANDOM % 300)))"
        target=
        until target=$(some_script) && [ -n "$target" ] || ! kill -0 $program 2>/dev/null; do :; done
        if [ -n "$target" ] && kill "-${signals[RANDOM % 4]}" "$target" 2>/dev/null; then hits_script=$((hits_script + 1)); fi
    else
        sleep "0.$(printf %03d $((RANDOM % 450)))"
        if kill "-${signals[RANDOM % 2]}" $program 2>/dev/null; then hits_program=$((hits_program + 1)); fi
    fi
    code=0
    wait $program 2>/dev/null || code=$?
    case $code in
    0) ends=$((ends + 1)); same_tables run whole "after $i runs"; rm -rf run ;;
    3 | 130 | 137 | 143) ;; # failed maps, stopped, killed
    2) grep -q 'method "script": script "perl script.pl"' err || complain "exit 2: $(cat err)" ;; # killed before the run
    *) complain "exit $code: $(cat err)" ;;
    esac
    left_running "exit $code"
done
[ $((hits_script + hits_program)) -eq "$kills" ] || complain "only $hits_script + $hits_program of $kills kills came in time"
cambench run config.yaml --quiet --output run 2>err || complain "at last: exit $?: $(cat err)"
same_tables run whole "at last"
no_leftovers run "at last"

# -- random messages --

cambench generate weights resnet18 --classes 10 --width 0.125 --size 64 --out ten.h5 --quiet
cat >random.yaml <<YAML
name: random
dataset: {path: "$ROOT/datasets/demo/demo.h5"}
backbones: [{arch: resnet18, weights: ten.h5}]
methods:
  - name: process
    params: {command: perl "$ROOT/tests/survival/random_script.pl" sent $seed, timeout: 2, layers: [layer3]}
metrics: [complexity]
runtime: {threads: 2, on_error: skip}
report: {plots: false, overlays: 0, bootstrap: 0}
YAML
: >sent
runs=0
while [ "$(wc -c <sent)" -lt "$messages" ] && [ $runs -lt "$messages" ]; do
    code=0
    timeout -s KILL 120 cambench run random.yaml --quiet --fresh --output random 2>err || code=$?
    case $code in
    0 | 3) ;;
    *) grep -q 'script "perl ' err || { complain "random messages: exit $code: $(tail -n 1 err)"; break; } ;; # in its declaration
    esac
    left_running "random messages"
    runs=$((runs + 1))
    rm -rf random
done

echo "kills: $hits_script scripts, $hits_program programs, $ends whole runs between; $(wc -c <sent) random messages in $runs runs" >&2
conclude "every kill and message was survived"
