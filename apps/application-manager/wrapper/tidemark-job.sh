#!/bin/sh
# The job wrapper: runs one attempt of one job so that what happened can be read from files by anybody, at any time,
# whether or not the manager that asked for it still lives. Needs POSIX sh, coreutils and Linux /proc; elsewhere it asks
# ps and sysctl. The manager, and later a batch script or an ssh session, starts it in a session of its own:
#
#   tidemark-job.sh run DIRECTORY GRACE_S WALLTIME_S STREAM_BYTES_MAX FILE_BYTES_MAX -- PROGRAM [ARGUMENT...]
#   tidemark-job.sh reap DIRECTORY GRACE_S     ends what is left of a job whose wrapper died; 0: nothing is left
#
# The last component of DIRECTORY is the job's token. WALLTIME_S and the two limits are unbounded when 0.
# In DIRECTORY/.tidemark-job, in this order:
#   claim/       mkdir is the right to run. Whoever comes second leaves with 0 and a line in `duplicates`
#   claim/owner  who made it
#   started.json written by the job's own process group before it becomes PROGRAM
#   stdout, stderr, heartbeat (touched), cancel (made by others: stop this job)
#   exit.json    written, synced, renamed, directory synced: the only proof that the job ended by itself
# What holds: PROGRAM never starts twice in one directory, nor before started.json names its process group; exit.json
# appears only after the last process of the job is gone.

set -u
umask 077
self=$0
TICK_S=1            # how often walltime, the cancel file and the sizes of the streams are looked at
HEARTBEAT_S=5
KILLED_WAIT_S=10    # how long a killed process may take to disappear
UNSUPPORTED=125     # exit code: nothing was started

say_now() { # ISO 8601 in milliseconds, which are 000 where `date` has none
  now=$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)
  case $now in *N*) now=$(date -u +%Y-%m-%dT%H:%M:%S.000Z) ;; esac
}

uptime_s() { # seconds that no clock change moves
  if read -r up _ 2>/dev/null </proc/uptime; then up=${up%.*}; else up=$(date +%s); fi
}

host_name() {
  read -r host 2>/dev/null </proc/sys/kernel/hostname || host=$(uname -n)
  case $host in *[!A-Za-z0-9._-]*) host=unknown ;; esac
}

boot_id() {
  read -r boot 2>/dev/null </proc/sys/kernel/random/boot_id && return
  boot=$(sysctl -n kern.boottime 2>/dev/null | sed 's/.*{ sec = \([0-9]*\),.*/\1/')
  boot=${boot:-unknown}
}

# identify PID: sets state, group and start (clock ticks after boot; elsewhere milliseconds); 1 when nobody has it
identify() {
  if [ -d /proc/self ]; then
    read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
    # The command's name may hold anything; after its last parenthesis come the fields, state first.
    set -f
    # shellcheck disable=SC2086
    set -- ${stat##*) }
    set +f
    state=$1 group=$3 start=${20}
  else
    set -- "$1" "$(LC_ALL=C ps -o state= -o pgid= -o lstart= -p "$1" 2>/dev/null)"
    [ -n "$2" ] || return 1
    # shellcheck disable=SC2086
    set -- $2
    state=$1 group=$2
    shift 2
    start=$(LC_ALL=C date -j -f '%a %b %d %T %Y' "$*" +%s 2>/dev/null || echo 0)000
  fi
}

# leave_with FILE CONTENT: replaces FILE so that a crash leaves the old one or the new one
leave_with() {
  printf '%s\n' "$2" >"$1.$$" && mv -f "$1.$$" "$1"
}

# ---- ending the job's processes -------------------------------------------------------------------------------

# A process is alive when it is not a zombie: one whose parent never waits must not hold up the end for ever.
is_alive() { identify "$1" && case $state in Z* | X*) return 1 ;; esac }

# Prints the living processes of the job's group, and those that left it but carry its token in their environment.
list_survivors() {
  if [ -d /proc/self ]; then
    if [ -n "$job_group" ] && kill -s 0 -- "-$job_group" 2>/dev/null; then
      for entry in /proc/[0-9]*; do
        survivor=${entry#/proc/}
        is_alive "$survivor" && [ "$group" = "$job_group" ] && echo "$survivor"
      done
    fi
    # A daemon has a session and a group of its own; the token in its environment stays. -z: entries end with NUL.
    grep -lszxF "TIDEMARK_JOB_TOKEN=$token" /proc/[0-9]*/environ 2>/dev/null | while IFS=/ read -r _ _ survivor _; do
      is_alive "$survivor" && echo "$survivor"
    done
  elif [ -n "$job_group" ]; then
    ps -A -o pid= -o pgid= -o state= | while read -r survivor pgid state; do
      [ "$pgid" = "$job_group" ] && case $state in Z*) ;; *) echo "$survivor" ;; esac
    done
  fi
}

# signal_job NAME. Each process by itself: of a group's number nobody can be certain, because the system gives it away
# again once the group is empty.
signal_job() {
  # shellcheck disable=SC2046
  set -- "$1" $(list_survivors)
  [ $# -eq 1 ] || kill -s "$@" 2>/dev/null
}

# pause SECONDS, which many a `sleep` takes as a fraction
pause() { sleep "$1" 2>/dev/null || sleep 1; }

# nobody_left: true when two looks, a moment apart, find nobody. One is not enough: a process that is just becoming
# another program has no environment for that moment, and cannot be found by its token.
nobody_left() {
  [ -z "$(list_survivors)" ] && pause 0.01 && [ -z "$(list_survivors)" ]
}

# end_job SECONDS: TERM, at most SECONDS of patience, KILL; 1 when something is still there
end_job() {
  if nobody_left; then return 0; fi
  signal_job TERM
  uptime_s
  patience=$((up + $1))
  until nobody_left; do
    uptime_s
    [ "$up" -lt "$patience" ] || break
    pause 0.1
  done
  uptime_s
  patience=$((up + KILLED_WAIT_S))
  # Again and again, because what is being killed may be forking.
  until nobody_left; do
    signal_job KILL
    uptime_s
    [ "$up" -lt "$patience" ] || return 1
    pause 0.05
  done
}

# ---- start: inside the job's own process group ----------------------------------------------------------------

# start FILES WRAPPER_PID WRAPPER_START WRAPPER_GROUP FILE_BYTES_MAX -- PROGRAM [ARGUMENT...]
start() {
  files=$1 wrapper=$2 wrapper_start=$3 wrapper_group=$4 file_max=$5
  shift 6
  # A wrapper that died in between may have been judged already: then nothing may begin any more.
  is_alive "$wrapper" && [ "$start" = "$wrapper_start" ] || exit $UNSUPPORTED
  # Without a group of its own the job could not be ended as a whole: better not to begin either.
  identify $$ && [ "$group" != "$wrapper_group" ] || exit $UNSUPPORTED
  ulimit -c 0 2>/dev/null
  [ "$file_max" -eq 0 ] || ulimit -f $(((file_max + 511) / 512)) 2>/dev/null
  boot_id
  host_name
  say_now
  leave_with "$files/started.json" "{\"pid\":$wrapper,\"startTime\":$wrapper_start,\"bootId\":\"$boot\",\"host\":\"$host\",\"childPid\":$$,\"childStartTime\":$start,\"childGroup\":$group,\"startedAt\":\"$now\"}" || exit $UNSUPPORTED
  exec "$@"
}

# ---- run ------------------------------------------------------------------------------------------------------

# Puts the following command into a process group of its own; prints nothing, takes the place of this shell.
in_own_group() {
  if command -v setsid >/dev/null 2>&1; then exec setsid "$@"; fi
  if timeout 0 true 2>/dev/null; then exec timeout 0 "$@"; fi
  if command -v perl >/dev/null 2>&1; then exec perl -e 'use POSIX; POSIX::setsid(); exec @ARGV' -- "$@"; fi
  exit $UNSUPPORTED
}

# cap FILE: keeps the first STREAM_BYTES_MAX bytes. The job appends, so it goes on writing at the new end.
cap() {
  [ "$stream_max" -gt 0 ] || return 0
  size=$(wc -c <"$1") || return 0
  [ "$size" -gt "$stream_max" ] || return 0
  : >"$files/truncated"
  dd of="$1" bs=1 seek="$stream_max" count=0 2>/dev/null </dev/null
}

# In the background: whatever must happen by itself while the job runs. Ends with the wrapper.
watch_job() {
  uptime_s
  began=$up beat=$up
  while sleep $TICK_S; do
    identify $$ && [ "$start" = "$wrapper_start" ] || return
    uptime_s
    if [ $((up - beat)) -ge $HEARTBEAT_S ]; then
      beat=$up
      touch "$files/heartbeat"
    fi
    cap "$files/stdout"
    cap "$files/stderr"
    [ ! -e "$files/cancel" ] || kill -s TERM $$
    [ "$walltime" -eq 0 ] || [ $((up - began)) -lt "$walltime" ] || kill -s USR1 $$
  done
}

# stop REASON, from a trap: the first reason counts, and none when the job has ended before
stop() {
  interrupted=yes
  [ -z "$reason" ] || return 0
  is_alive "$child" || return 0
  reason=$1
  # Again and again: until its first step the child has neither a group nor a token to be found by.
  while is_alive "$child"; do
    end_job "$grace"
    pause 0.05
  done &
}

run() {
  directory=$1 grace=$2 walltime=$3 stream_max=$4 file_max=$5
  shift 6
  files=$directory/.tidemark-job token=${directory##*/} job_group=
  cd "$directory" || exit $UNSUPPORTED
  unset OLDPWD # it would be part of the job's environment
  identify $$ || exit $UNSUPPORTED
  wrapper_start=$start wrapper_group=$group
  boot_id
  host_name
  say_now
  if ! mkdir "$files/claim" 2>/dev/null; then
    [ -d "$files/claim" ] || exit $UNSUPPORTED
    echo "$now pid=$$ host=$host" >>"$files/duplicates"
    exit 0
  fi
  leave_with "$files/claim/owner" "{\"pid\":$$,\"startTime\":$start,\"bootId\":\"$boot\",\"host\":\"$host\",\"claimedAt\":\"$now\"}"
  began_at=$now interrupted= reason= child=
  : >"$files/heartbeat"
  TIDEMARK_JOB_TOKEN=$token in_own_group sh "$self" start "$files" $$ "$wrapper_start" "$wrapper_group" "$file_max" \
    -- "$@" </dev/null >>"$files/stdout" 2>>"$files/stderr" &
  child=$! job_group=$!
  trap 'stop CANCELED' TERM INT
  trap 'stop WALLTIME' USR1
  watch_job </dev/null >/dev/null 2>&1 &
  while :; do
    interrupted=
    wait "$child"
    code=$?
    # A trapped signal ends `wait` early; the child is then still there, at least as a zombie.
    [ -n "$interrupted" ] && kill -s 0 "$child" 2>/dev/null || break
  done
  trap '' TERM INT USR1
  finish
}

# Ends what the job left behind, then says how it ended.
finish() {
  # What cannot be killed still runs: then there is no exit record, because the job is not over.
  end_job "$grace" || exit $UNSUPPORTED
  cap "$files/stdout"
  cap "$files/stderr"
  # A shell tells a signal as 128 + its number, as a program does that exits so by itself; signals end at 64.
  signal=null
  if [ "$code" -gt 128 ] && [ "$code" -le 192 ]; then signal=$((code - 128)); fi
  [ -e "$files/started.json" ] || reason=${reason:-NOT_STARTED}
  truncated=false
  [ ! -e "$files/truncated" ] || truncated=true
  say_now
  printf '%s\n' "{\"exitCode\":$code,\"signal\":$signal,\"reason\":\"${reason:-EXITED}\",\"startedAt\":\"$began_at\",\"endedAt\":\"$now\",\"truncated\":$truncated}" >"$files/exit.json.$$"
  durably "$files/stdout" "$files/stderr" "$files/exit.json.$$"
  mv -f "$files/exit.json.$$" "$files/exit.json"
  durably "$files"
  # The watcher and its sleep share this wrapper's group; nobody else does when it leads one.
  [ "$wrapper_group" != $$ ] || kill -s TERM 0
  exit 0
}

# durably PATH...: fsync of each; elsewhere than on Linux `sync` knows no files and would flush the whole machine
durably() {
  [ ! -d /proc/self ] || sync -- "$@" 2>/dev/null
}

# ---- reap -----------------------------------------------------------------------------------------------------

# number_of NAME JSON: prints a number out of one of the records above, which have no nesting
number_of() {
  field=${2##*\"$1\":}
  echo "${field%%[!0-9]*}"
}

# reap DIRECTORY GRACE_S
reap() {
  directory=$1 files=$1/.tidemark-job token=${1##*/} job_group=
  boot_id
  owner=$(cat "$files/claim/owner" 2>/dev/null)
  case $owner in
  *"\"bootId\":\"$boot\""*)
    # A living wrapper ends its job itself, and leaves an exit record.
    is_alive "$(number_of pid "$owner")" && [ "$start" = "$(number_of startTime "$owner")" ] && exit 1
    ;;
  esac
  started=$(cat "$files/started.json" 2>/dev/null)
  case $started in
  *"\"bootId\":\"$boot\""*)
    job_group=$(number_of childGroup "$started")
    leader=$(number_of childPid "$started")
    leader_start=$(number_of childStartTime "$started")
    # No new process gets a number that is still some group's: a stranger there means that our group is gone.
    if identify "$leader" && [ "$start" != "$leader_start" ]; then job_group=; fi
    [ "${job_group:-0}" -gt 1 ] || job_group=
    ;;
  esac
  end_job "$2"
}

mode=${1:-}
[ $# -eq 0 ] || shift
case $mode in
run | start | reap) $mode "$@" ;;
*)
  echo "usage: tidemark-job.sh run|reap DIRECTORY ..." >&2
  exit 64
  ;;
esac
