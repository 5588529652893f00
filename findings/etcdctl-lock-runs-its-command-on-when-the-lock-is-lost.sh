#!/usr/bin/env bash
# What becomes of the command that etcdctl lock runs, when the lock is lost?
#
# Versions:  etcd and etcdctl 3.4.23 of Debian 12 (etcd-server, etcd-client); one server.
# Guess:     It is ended, or at least told: that is what a lock with a command is for, and what "consul lock" does.
# Behaviour: It runs on, and the next holder's command beside it. So it is when etcdctl was killed (for memory, by a deployment), and when it only stood still for longer than --ttl, as
#            a machine that is moved does: after it goes on, both commands run, and the exit code of the first is 0.
# Why the guess is wrong: etcdctl starts the command and waits for its end; it does not look at the session meanwhile. The lock is a key with a lease of --ttl seconds.
# Source:    github.com/etcd-io/etcd at v3.4.23, etcdctl/ctlv3/command/lock_command.go, lockUntilSignal (cmd.Run(), while s.Done() is only waited for without a command); etcd-io/etcd pull request 7983
#            ("make like consul and support launching a command"; a later question there: "There a way to run a command if the lock is lost?"); Consul documentation, "Command: consul lock"
#            ("If the lock is lost or communication is disrupted, the child process is terminated").
# Output seen: the text in `expected` at the end.
set -euo pipefail
case "$(etcd --version 2>&1 | head -1)" in 'etcd Version: 3.4.23') ;; *) echo "needs etcd 3.4.23 (etcd-server, etcd-client)" >&2; exit 2 ;; esac
command -v etcdctl >/dev/null || { echo "needs etcdctl (etcd-client)" >&2; exit 2; }
work="$(mktemp -d)"
cleanup() {
  for file in "$work"/*.pid; do kill -9 "$(cat "$file")" 2>/dev/null || true; done
  rm -rf "$work"
}
trap cleanup EXIT
cd "$work"
port() { node -e "const s = require('node:net').createServer().listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close(); })"; }
client="http://127.0.0.1:$(port)"
peer="http://127.0.0.1:$(port)"
etcd --data-dir data --listen-client-urls "$client" --advertise-client-urls "$client" --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" --initial-cluster "default=$peer" >etcd.log 2>&1 &
echo $! >etcd.pid
export ETCDCTL_API=3 ETCDCTL_ENDPOINTS="$client"
until etcdctl endpoint health >/dev/null 2>&1; do sleep 0.1; done
cat >worker.sh <<'SH'
# worker.sh NAME: runs until the file NAME.end is there
echo $$ >"$1.pid"
echo started >"$1.started"
until [ -e "$1.end" ]; do sleep 0.1; done
SH
lock() {
  ( code=0; etcdctl lock --ttl 2 "$1" bash worker.sh "$2" >/dev/null 2>&1 || code=$?; echo "$code" >"$2.code" ) 2>/dev/null &
  until [ -e "$2.started" ]; do sleep 0.1; done
}
runs() { if kill -0 "$(cat "$1.pid")" 2>/dev/null; then echo "$1 runs"; else echo "$1 has ended"; fi; }
seen="$(
lock stopped first
etcdctl_pid="$(ps -o ppid= -p "$(cat first.pid)" | tr -d ' ')"
kill -STOP "$etcdctl_pid"
lock stopped second
kill -CONT "$etcdctl_pid"
sleep 5
echo "etcdctl stood still for longer than its ttl of 2 s, and goes on: $(runs first), $(runs second)"
touch first.end second.end
until [ -e first.code ] && [ -e second.code ]; do sleep 0.1; done
echo "exit codes: first $(cat first.code), second $(cat second.code)"
lock killed third
kill -9 "$(ps -o ppid= -p "$(cat third.pid)" | tr -d ' ')"
lock killed fourth
sleep 1
echo "etcdctl was killed: $(runs third), $(runs fourth)"
touch third.end fourth.end
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
etcdctl stood still for longer than its ttl of 2 s, and goes on: first runs, second runs
exit codes: first 0, second 0
etcdctl was killed: third runs, fourth runs
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: etcdctl lock runs its command on when the lock is lost, beside the command of the next holder"
