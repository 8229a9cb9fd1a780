#!/usr/bin/env bash
# SLURM on this machine alone, for tests: everything of it lies in one folder, and ends with it.
#
#   one_node_slurm.sh start FOLDER   installs what is missing (Debian, as root), starts munged, slurmctld and slurmd
#   one_node_slurm.sh stop FOLDER    ends them
#
# The partitions "short" and "long" are the same node; "guarded" is for the account "physics" alone. Commands of SLURM find
# it by SLURM_CONF=FOLDER/slurm.conf. There are no accounts (no slurmdbd) and no cgroups: processes are found by their parents.
set -euo pipefail

folder=$2
host=$(hostname -s)

start() {
  if ! { command -v slurmctld && command -v munged; } >/dev/null; then
    policy=/usr/sbin/policy-rc.d # nothing of it starts by itself (invoke-rc.d(8))
    if [ ! -e "$policy" ]; then
      printf '#!/bin/sh\nexit 101\n' >"$policy"
      chmod +x "$policy"
      trap 'rm -f "$policy"' EXIT
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends slurm-wlm munge
  fi
  mkdir -p "$folder/state" "$folder/spool" "$folder/munge"
  chmod 0755 "$folder" "$folder/munge"
  head -c 1024 /dev/urandom >"$folder/munge/key"
  chmod 0400 "$folder/munge/key"
  cat >"$folder/slurm.conf" <<CONF
ClusterName=onenode
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort=16817
SlurmdPort=16818
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
EnforcePartLimits=ANY
ReturnToService=2
KillWait=2
InactiveLimit=0
SchedulerParameters=sched_min_interval=100000,bf_interval=5
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=short Nodes=$host Default=YES MaxTime=10 State=UP
PartitionName=long Nodes=$host MaxTime=60 State=UP
PartitionName=guarded Nodes=$host MaxTime=60 State=UP AllowAccounts=physics
CONF
  export SLURM_CONF=$folder/slurm.conf
  # --force: root owns what munge would rather see with a user of its own.
  munged --force --key-file="$folder/munge/key" --socket="$folder/munge/socket" --pid-file="$folder/munge/pid" \
    --log-file="$folder/munge/log" --seed-file="$folder/munge/seed"
  slurmctld
  slurmd
  for _ in $(seq 100); do
    [ "$(sinfo --noheader --partition=short --format=%t 2>/dev/null)" = idle ] && return
    sleep 0.2
  done
  echo "the node does not become idle:" >&2
  sinfo >&2 || true
  tail -n 5 "$folder/slurmctld.log" "$folder/slurmd.log" >&2
  stop
  exit 1
}

stop() {
  # First the jobs: their steps would outlive the daemons.
  export SLURM_CONF=$folder/slurm.conf
  scancel --user="$(id -un)" 2>/dev/null || true
  for _ in $(seq 100); do
    [ -n "$(squeue --noheader 2>/dev/null)" ] || break
    sleep 0.1
  done
  for file in "$folder/slurmd.pid" "$folder/slurmctld.pid" "$folder/munge/pid"; do
    [ -s "$file" ] || continue
    number=$(cat "$file")
    kill "$number" 2>/dev/null || continue
    for _ in $(seq 50); do
      # One that has ended and that nobody waited for is still there.
      { kill -0 "$number" && ! grep -q '^State:[[:space:]]*Z' "/proc/$number/status"; } 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL "$number" 2>/dev/null || true
  done
}

"$1"
