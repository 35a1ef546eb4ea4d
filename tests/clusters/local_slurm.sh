# shellcheck shell=bash
# A Slurm of this machine alone, for tests: needs no root, no systemd and no set-up, listens on ports that are free.
# Reads as: . local_slurm.sh; slurm_start FOLDER || ... "$slurm_problem"; sbatch ...; slurm_stop

slurm_programs="munged slurmctld slurmd sbatch squeue scontrol"

# Daemons run in the foreground, so that they end with us; what each says is in FOLDER/NAME.log.
slurm_daemon()
{
    "$@" >"$slurm_folder/$1.log" 2>&1 &
    slurm_pids="$! $slurm_pids"
}

slurm_free_ports()
{
    python3 -c 'import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for i in range(2)]
print(*(s.getsockname()[1] for s in sockets))'
}

slurm_config()
{
    local host user controller node
    host=$(hostname -s) user=$(id -un)
    read -r controller node <<<"$(slurm_free_ports)"
    cat <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$slurm_folder/munge.socket
StateSaveLocation=$slurm_folder/state
SlurmdSpoolDir=$slurm_folder/spool
SlurmctldPidFile=$slurm_folder/slurmctld.pid
SlurmdPidFile=$slurm_folder/slurmd.pid
SlurmctldPort=$controller
SlurmdPort=$node
SlurmdParameters=config_overrides
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SwitchType=switch/none
MpiDefault=none
KillWait=5
ReturnToService=2
MessageTimeout=100
TCPTimeout=30
BatchStartTimeout=100
SchedulerParameters=sched_interval=1,bf_interval=1
NodeName=$host NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
}

# Waits at most a minute until a command succeeds.
slurm_wait()
{
    for _ in $(seq 600); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.1
    done
    return 1
}

slurm_is_up()
{
    [ "$(sinfo -h -o %T)" = idle ]
}

# One try, in a folder that holds nothing of an earlier one.
slurm_try()
{
    slurm_pids='' slurm_problem=
    rm -rf "${slurm_folder:?}"/*
    mkdir -p "$slurm_folder/state" "$slurm_folder/spool"
    chmod go-w "$slurm_folder" && slurm_config >"$SLURM_CONF"
    head -c 1024 /dev/urandom >"$slurm_folder/munge.key" && chmod 400 "$slurm_folder/munge.key"
    slurm_daemon munged --foreground --force --key-file="$slurm_folder/munge.key" \
        --socket="$slurm_folder/munge.socket" --pid-file="$slurm_folder/munged.pid" \
        --seed-file="$slurm_folder/munged.seed" --log-file="$slurm_folder/munged.log"
    slurm_wait test -S "$slurm_folder/munge.socket" || slurm_problem="munged does not start here"
    slurm_daemon slurmctld -D
    slurm_daemon slurmd -D
    [ -n "$slurm_problem" ] || slurm_wait slurm_is_up || slurm_problem="Slurm does not start here"
    [ -z "$slurm_problem" ] || { slurm_stop; return 1; }
}

# On failure $slurm_problem says what is missing or does not start. The ports were free when they were looked for, which
# somebody else may have taken them for, too: hence a second try.
slurm_start()
{
    local program
    slurm_folder=$(realpath "$1")
    PATH=$PATH:/usr/sbin
    for program in $slurm_programs; do
        command -v "$program" >/dev/null || { slurm_problem="no $program"; return 1; }
    done
    export SLURM_CONF=$slurm_folder/slurm.conf
    slurm_try || slurm_try
}

slurm_stop()
{
    local pid
    for pid in $slurm_pids; do
        kill "$pid" 2>/dev/null
    done
    for pid in $slurm_pids; do
        wait "$pid" 2>/dev/null
    done
    slurm_pids=
}
