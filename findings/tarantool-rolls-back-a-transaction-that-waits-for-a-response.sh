#!/usr/bin/env bash
# What is stored of a transaction in Tarantool that records a charge, waits a moment for the response of a payment service, records it, too, and commits?
#
# Versions:  Tarantool 2.6.0 of Debian 12 (tarantool-core), memtx, its standard engine.
# Guess:     Both rows. A database that is an application server at the same time has transactions that survive a wait; at the worst, another fiber's write to the same row makes it fail.
# Behaviour: Neither. The first row is undone when the fiber waits, although no other fiber does anything. The transaction looks open: the second row is written and read back in it without an error, the
#            first is not there, and commit fails. With a rollback or a pcall that ignores it, nobody hears of it. A transaction that logs or computes is committed.
# Why the guess is wrong: memtx runs one transaction at a time and has no versions of rows; whatever gives up the processor, as each request, sleep and channel does, ends the
#            transaction in fact. What must be recorded before a call needs a transaction of its own.
# Source:    tarantool/tarantool-python issue 163 ("you couldn't yield inside transactions").
# Output seen: the text in `expected` at the end.
set -euo pipefail
command -v tarantool >/dev/null || { echo "needs tarantool (tarantool-core)" >&2; exit 2; }
case "$(tarantool -V)" in 'Tarantool 2.6.0'*) ;; *) echo "needs Tarantool 2.6.0" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cat >"$work/probe.lua" <<'LUA'
local fiber, log, work = require('fiber'), require('log'), arg[1]
box.cfg{work_dir = work, log = work .. '/log'}
local waits = {
  {'nothing', function() end},
  {'a line in the log', function() log.info('charged') end},
  {'a response in 10 ms', function()
    local responses = fiber.channel(1)
    fiber.create(function() fiber.sleep(0.01) responses:put('paid') end)
    return responses:get()
  end},
  {'fiber.yield()', fiber.yield},
}
for n, wait in ipairs(waits) do
  local events = box.schema.space.create('events' .. n)
  events:create_index('id')
  box.begin()
  events:insert{1, 'charged'}
  wait[2]()
  print(wait[1])
  print('  the second insert succeeds', (pcall(events.insert, events, {2, 'paid'})))
  print('  rows that the transaction sees', events:count())
  local committed, reason = pcall(box.commit)
  print('  commit', committed, reason or '')
  print('  rows stored', events:count())
end
os.exit(0)
LUA
seen="$(tarantool "$work/probe.lua" "$work" | sed 's/\t/: /; s/\t/, /; s/, $//')"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
nothing
  the second insert succeeds: true
  rows that the transaction sees: 2
  commit: true
  rows stored: 2
a line in the log
  the second insert succeeds: true
  rows that the transaction sees: 2
  commit: true
  rows stored: 2
a response in 10 ms
  the second insert succeeds: true
  rows that the transaction sees: 1
  commit: false, Transaction has been aborted by a fiber yield
  rows stored: 0
fiber.yield()
  the second insert succeeds: true
  rows that the transaction sees: 1
  commit: false, Transaction has been aborted by a fiber yield
  rows stored: 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Tarantool undoes what a transaction has written when its fiber waits; later writes succeed, and the commit fails"
