#!/usr/bin/env bash
# Is the lock of "flock -n lock job.sh" free when job.sh has ended?
#
# Versions:  util-linux 2.38.1 and coreutils 9.1 of Debian 12 (util-linux, coreutils).
# Guess:     Yes: flock runs the command, and when it has ended, with whatever exit code, the lock is released. So it is used in crontabs against two runs at once.
# Behaviour: No, as long as a program lives that the job has started in the background, for example a server that it has restarted. Each next night
#            ends with exit code 1 at once, without a word, and 1 is also what a job that has failed gives (-E gives it a number of its own). With -o the command does not
#            inherit the lock, and it is free at the end of the job.
# Why the guess is wrong: the lock belongs to the open file, and every child inherits it. It is released when the last one closes it.
# Source:    flock(1), --close ("useful if command spawns a child process which should not be holding the lock"), -E; flock(2) ("the lock is released either by an explicit LOCK_UN operation on any of
#            these duplicate file descriptors, or when all such file descriptors have been closed").
# Output seen: the text in `expected` at the end.
set -euo pipefail
case "$(flock --version)" in 'flock from util-linux 2.38.1') ;; *) echo "needs flock of util-linux 2.38.1" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'kill "$(cat "$work/server.pid" 2>/dev/null)" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
cat >job.sh <<'SH'
sleep 600 </dev/null >/dev/null 2>&1 &
echo $! >server.pid
SH
run() { code=0; flock "$@" 2>flock.err || code=$?; echo "exit code $code, $(wc -c <flock.err) bytes of messages"; }
seen="$(
echo "first night, the job restarts a server: $(run -n lock bash job.sh)"
echo "second night: $(run -n lock true)"
echo "a job that fails, with a lock of its own: $(run -n other false)"
kill "$(cat server.pid)"
until ! kill -0 "$(cat server.pid)" 2>/dev/null; do sleep 0.05; done
echo "when the server is ended: $(run -n lock true)"
echo "first night with -o: $(run -n -o lock bash job.sh)"
echo "second night: $(run -n -o lock true)"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
first night, the job restarts a server: exit code 0, 0 bytes of messages
second night: exit code 1, 0 bytes of messages
a job that fails, with a lock of its own: exit code 1, 0 bytes of messages
when the server is ended: exit code 0, 0 bytes of messages
first night with -o: exit code 0, 0 bytes of messages
second night: exit code 0, 0 bytes of messages
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: flock keeps the lock of a job that has ended, as long as a program lives that the job has started, and refuses the next runs without a word"
