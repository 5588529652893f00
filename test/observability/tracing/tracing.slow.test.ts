// Tracing that is not configured: it costs nothing, loads nothing and changes nothing.

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { NO_CONTEXT } from '../../../src/observability/tracing/trace-context.ts';
import {
  endSpanWith,
  hasRegisteredTracer,
  NO_SPAN,
  NO_TRACING,
  type Step,
  withSpanContext,
} from '../../../src/observability/tracing/tracing.ts';
import { createSimulator } from '../../../src/simulator/app.ts';
import { startCollector } from '../../support/collector.ts';
import { type Running, run } from '../../support/process.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const WORK: Step = { name: 'work', kind: 'client' };

describe('without an exporter', () => {
  test('no span is created: all share one object, and the traced work runs unchanged', () => {
    const subject = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: 'a=1' };
    const work = Promise.resolve('done');
    const asked = () => {
      throw new Error('asked for facts');
    };
    expect(NO_TRACING.begin(WORK, subject)).toBe(NO_SPAN);
    expect(NO_TRACING.beginLinked(WORK, subject, NO_CONTEXT, 1)).toBe(NO_SPAN);
    expect(withSpanContext(NO_SPAN, subject)).toBe(subject);
    expect(endSpanWith(NO_SPAN, asked, subject, work)).toBe(work);
    NO_SPAN.end(asked, subject, null);
  });

  test('only a process that registered a tracer has one', () => {
    const key = Symbol.for('opentelemetry.js.api.1');
    expect(hasRegisteredTracer()).toBe(false);
    Reflect.set(globalThis, key, { version: '1.10.0', trace: {} });
    expect(hasRegisteredTracer()).toBe(true);
    Reflect.deleteProperty(globalThis, key);
  });
});

/** Writes each loaded OpenTelemetry module to stderr, except the API package, which prom-client loads. */
const TELL_LOADED = `import { registerHooks } from 'node:module';
registerHooks({
  load: (url, context, next) => {
    if (/src.otel|@opentelemetry.(?!api)/.test(url)) process.stderr.write('loaded ' + url + '\\n');
    return next(url, context);
  },
});`;

/** A tracer as \`node --import\` loads it: the SDK, registered before anything else, with an exporter to stderr. */
const REGISTER = `import { trace } from '@opentelemetry/api';
import { TracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
const exporter = {
  export: (spans, done) => {
    for (const { name, kind } of spans) process.stderr.write('span ' + kind + ' ' + name + '\\n');
    done({ code: 0 });
  },
  shutdown: async () => {},
};
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));`;

/** Runs one execution to its outcome in a process of its own, and stops it. */
async function liveOnce(first: string, env: Record<string, string> = {}) {
  await using simulator = createSimulator();
  const { url } = await simulator.listen();
  const receiver: Running = run(['start'], {
    CXONE_BASE_URL: url,
    CXONE_CLIENT_ID: 'simulator',
    CXONE_CLIENT_SECRET: 'simulator-secret',
    PUBLIC_URL: 'http://127.0.0.1:1',
    PORT: '0',
    CALLBACK_SECRET: 'a-secret-for-processes-of-32-characters',
    APP_KEYS: 'shop:the-shop-key-0123456789',
    DATABASE_PATH: join(temporaryFolder(), 'receiver.db'),
    GRACE_SECONDS: '0',
    POLL_INTERVAL_SECONDS: '0.1',
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(first)}`,
    ...env,
  });
  const { url: receiverUrl } = JSON.parse(await receiver.line((line) => line.includes('"listening"')));
  const answer = await fetch(`${receiverUrl}/v1/executions`, {
    method: 'POST',
    headers: {
      authorization: 'Bearer the-shop-key-0123456789',
      'content-type': 'application/json',
      prefer: 'wait=30',
    },
    body: JSON.stringify({ actionId: 'charge', inputs: { simulate: 'lost-callback' } }),
  });
  expect(await answer.json()).toMatchObject({ status: 'COMPLETED', resolvedBy: 'poll' });
  receiver.child.kill('SIGTERM');
  return await receiver.finished;
}

describe('a process', () => {
  test('loads nothing of OpenTelemetry unless an exporter is configured', async () => {
    expect(await liveOnce(TELL_LOADED, { OTEL_SERVICE_NAME: 'receiver-1' })).toMatchObject({ code: 0, stderr: '' });
    const { url } = await startCollector();
    const { code, stderr } = await liveOnce(TELL_LOADED, { OTEL_EXPORTER_OTLP_ENDPOINT: url });
    expect([code, stderr]).toEqual([0, expect.stringContaining('@opentelemetry/sdk-trace')]);
  });

  test('sends the remaining spans when it stops, and reports a collector that refuses only in the log', async () => {
    const taking = await startCollector();
    const first = await liveOnce('', { OTEL_EXPORTER_OTLP_ENDPOINT: taking.url });
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(taking.spans.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['POST /v1/executions', 'execute', 'poll']),
    );

    const refusing = await startCollector(400);
    const { code, stdout, stderr } = await liveOnce('', { OTEL_EXPORTER_OTLP_ENDPOINT: refusing.url });
    expect([code, stderr]).toEqual([0, '']);
    const warnings = stdout.split('\n').map((line) => JSON.parse(line));
    expect(warnings.filter(({ msg }) => msg.includes('collector'))).toMatchObject([
      { level: 'warn', reason: expect.stringContaining('Bad Request') },
    ]);
  });

  test('passes its spans to the tracer that it was started with, if there is one', async () => {
    const file = new URL('../../support/', import.meta.url);
    const { code, stderr } = await liveOnce(inPlace(REGISTER, file));
    expect(code).toBe(0);
    expect(new Set(stderr.trim().split('\n'))).toEqual(
      new Set(['span 1 POST /v1/executions', 'span 2 execute', 'span 2 poll']),
    );
  });
});

/** The same code with its packages named by file, for a module without a folder. */
function inPlace(code: string, from: URL): string {
  return code.replace(/from '(@[^']+)'/g, (_, name) => `from '${import.meta.resolve(name, from)}'`);
}
