#!/usr/bin/env bash
# Does supervisor with autorestart=true bring a service back whose database was away for ten seconds?
#
# Versions:  supervisor 4.2.5 of Debian 12 (supervisor); the service exits with 1 at once while its database is away.
# Guess:     Yes: true means "restart it whenever it exits", so that it runs again at the latest some seconds after the database.
# Behaviour: No: after four starts in about six seconds its state is FATAL, and supervisor never starts it again. supervisord goes on and supervisorctl
#            status exits with 3, if anybody asks. A service that ran longer than a second before each exit is restarted without end.
# Why the guess is wrong: an exit within startsecs (1) is a failed start and not an exit; startretries (3) limits those, with pauses of 1, 2
#            and 3 seconds, and autorestart concerns only what had been RUNNING.
# Source:    supervisor documentation, subprocesses ("FATAL", "BACKOFF"), configuration (autorestart, startretries, startsecs).
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v supervisord >/dev/null || { echo "needs supervisor" >&2; exit 2; }
[ "$(supervisord --version)" = 4.2.5 ] || { echo "needs supervisor 4.2.5" >&2; exit 2; }
work="$(mktemp -d)"
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
cd "$work"
cat >service.sh <<'SH'
echo start >>"$1.starts"
if [ "$1" = slow ]; then sleep 1.5; fi
if [ -e database ]; then exec sleep 1000; fi
exit 1
SH
cat >supervisord.conf <<CONF
[unix_http_server]
file=$work/sock
[supervisord]
nodaemon=true
user=root
logfile=$work/log
pidfile=$work/pid
childlogdir=$work
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://$work/sock
[program:fast]
command=bash $work/service.sh fast
directory=$work
autorestart=true
[program:slow]
command=bash $work/service.sh slow
directory=$work
autorestart=true
CONF
supervisord -c supervisord.conf >/dev/null 2>&1 &
sleep 10
fast="$(wc -l <fast.starts)"
slow="$(wc -l <slow.starts)"
touch database
sleep 6
code=0
supervisorctl -c supervisord.conf status >status || code=$?
seen="$(
echo "starts in the ten seconds without the database: exits at once $fast, exits after 1.5 s $([ "$slow" -ge 4 ] && echo 'at least 4' || echo "$slow")"
echo "six seconds after the database is back: exits at once $(sed -n 's/^fast *\([A-Z]*\).*/\1/p' status), exits after 1.5 s $(sed -n 's/^slow *\([A-Z]*\).*/\1/p' status); supervisorctl status: exit code $code"
echo "starts since: exits at once $(( $(wc -l <fast.starts) - fast ))"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
starts in the ten seconds without the database: exits at once 4, exits after 1.5 s at least 4
six seconds after the database is back: exits at once FATAL, exits after 1.5 s RUNNING; supervisorctl status: exit code 3
starts since: exits at once 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: supervisor never restarts a service with autorestart=true that has exited within a second four times: its state is FATAL"
