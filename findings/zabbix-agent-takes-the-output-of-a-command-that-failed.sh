#!/usr/bin/env bash
# What does a Zabbix agent return for a UserParameter whose command fails, for example because a table was renamed?
#
# Versions:  Zabbix agent 6.0.14 and SQLite 3.40.1 of Debian 12 (zabbix-agent, sqlite3).
# Guess:     ZBX_NOTSUPPORTED, so that the item becomes unsupported and somebody is told, as for a command that takes too long.
# Behaviour: What the command has printed, whatever its exit code: "echo 0; exit 1" is the value 0, and "sqlite3 … 2>/dev/null | wc -l" counts no failures from then on, so that the trigger never fires. A command that is
#            absent has the shell's message as its value. Standard error is a part of the value: a warning before the number makes an item of numbers unsupported.
# Why the guess is wrong: the agent reads the output of a shell and does not ask for its exit code; it is asked for by scripts and remote commands of the server only.
# Source:    Zabbix documentation, appendix "Command execution" (exit code check) and "User parameters".
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v zabbix_agentd >/dev/null || { echo "needs zabbix-agent" >&2; exit 2; }
case "$(zabbix_agentd --version)" in *' 6.0.14'*) ;; *) echo "needs zabbix-agent 6.0.14" >&2; exit 2 ;; esac
command -v sqlite3 >/dev/null || { echo "needs sqlite3" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
sqlite3 db "CREATE TABLE failed (id integer); INSERT INTO failed VALUES (1), (2)"
cat >agent.conf <<CONF
AllowRoot=1
Server=127.0.0.1
Timeout=3
UserParameter=count,sqlite3 $work/db 'SELECT count(*) FROM failed'
UserParameter=lines,sqlite3 $work/db 'SELECT id FROM failed' | wc -l
UserParameter=lines-failing,sqlite3 $work/db 'SELECT id FROM renamed' | wc -l
UserParameter=exit,echo 0; exit 1
UserParameter=quiet-failing,sqlite3 $work/db 'SELECT id FROM renamed' 2>/dev/null | wc -l
UserParameter=warning,echo 'warning: slow' >&2; echo 2
UserParameter=count-failing,sqlite3 $work/db 'SELECT count(*) FROM renamed'
UserParameter=absent,$work/absent.sh
UserParameter=silent,exit 1
UserParameter=slow,sleep 10; echo 2
CONF
ask() { echo "$1: $(zabbix_agentd -c agent.conf -t "$1" 2>/dev/null | tr '\n' '~' | sed "s|$work/||g; s/^$1 *//; s/~\$//; s/~/ (next line) /g")"; }
seen="$(for key in count lines lines-failing quiet-failing count-failing exit warning absent silent slow; do ask "$key"; done)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
count: [t|2]
lines: [t|2]
lines-failing: [t|Error: in prepare, no such table: renamed (next line) 0]
quiet-failing: [t|0]
count-failing: [t|Error: in prepare, no such table: renamed]
exit: [t|0]
warning: [t|warning: slow (next line) 2]
absent: [t|sh: 1: absent.sh: not found]
silent: [t|]
slow: [m|ZBX_NOTSUPPORTED] [Timeout while executing a shell script.]
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a Zabbix agent returns the output of a UserParameter whose command failed as its value, whatever the exit code"
