// OpenTelemetry spans that are sent to a collector: their parents, their attributes, and the effect of a failing collector.

import { describe, expect, test } from 'vitest';
import { createOtel, type OtelOptions, type SamplerName } from '../../../src/observability/tracing/otel.ts';
import { NO_CONTEXT, readTraceContext, traceIdOf } from '../../../src/observability/tracing/trace-context.ts';
import {
  endSpanWith,
  NO_SPAN,
  type SpanEnd,
  type Step,
  type Tracing,
} from '../../../src/observability/tracing/tracing.ts';
import { type Collector, startCollector } from '../../support/collector.ts';
import { createManualWorld, START } from '../../support/manual-world.ts';
import { quietLog } from '../../support/quiet-log.ts';

const WORK: Step = { name: 'work', kind: 'client' };
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = readTraceContext(`00-${TRACE}-b7ad6b7169203331-01`, 'vendor=1');
const UNSAMPLED = readTraceContext(`00-${TRACE}-b7ad6b7169203331-00`, null);

const fine = (about: string, answer: string): SpanEnd => ({ attributes: { about, answer }, error: null });
const bad = (about: string): SpanEnd => ({ attributes: { about }, error: 'uncertain' });

function start({ url }: Pick<Collector, 'url'>, options: Partial<OtelOptions> = {}) {
  const [world, log] = [createManualWorld(), quietLog()];
  const tracing: Tracing = createOtel(
    {
      url: `${url}/v1/traces`,
      headers: {},
      serviceName: 'receiver-1',
      resource: {},
      sampler: 'parentbased_always_on',
      ratio: 1,
      ...options,
    },
    { world, log, conceal: (text) => text.replaceAll('a-token', '[hidden]') },
  );
  return { tracing, world, log };
}

describe('a span', () => {
  test('is a child of the span that it was started for, at the times of the clock, with its attributes', async () => {
    const collector = await startCollector();
    const { tracing, world } = start(collector, {
      headers: { 'x-api-key': 'secret' },
      resource: { 'deployment.environment.name': 'test' },
    });
    const span = tracing.begin(WORK, PARENT);
    await world.advance(250);
    span.end(fine, 'it', 'done');
    await tracing.close();
    expect(collector.spans).toEqual([
      {
        name: 'work',
        kind: 3,
        traceId: TRACE,
        spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
        parentSpanId: 'b7ad6b7169203331',
        traceState: 'vendor=1',
        startedAt: START,
        endedAt: START + 250,
        attributes: { about: 'it', answer: 'done' },
        links: [],
        status: { code: 0 },
        resource: {
          'service.name': 'receiver-1',
          'deployment.environment.name': 'test',
          'telemetry.sdk.language': 'nodejs',
          'telemetry.sdk.name': 'opentelemetry',
        },
      },
    ]);
    expect(collector.requests[0]).toMatchObject({ 'x-api-key': 'secret', 'content-type': 'application/json' });
    const { spanId } = collector.spans[0] ?? {};
    expect(span.context).toEqual({ traceparent: `00-${TRACE}-${spanId}-01`, tracestate: 'vendor=1' });
  });

  test('starts a trace when it has no parent', async () => {
    const collector = await startCollector();
    const { tracing } = start(collector);
    const span = tracing.begin(WORK, NO_CONTEXT);
    span.end(fine, 'it', 'done');
    await tracing.close();
    const [root] = collector.spans;
    expect(root?.parentSpanId).toBeUndefined();
    expect(span.context).toEqual({ traceparent: `00-${root?.traceId}-${root?.spanId}-01`, tracestate: null });
  });

  test('keeps whether the trace id was chosen at random, which holds for the whole trace', async () => {
    const { tracing } = start(await startCollector());
    const random = readTraceContext(`00-${TRACE}-b7ad6b7169203331-03`, null);
    expect(tracing.begin(WORK, random).context?.traceparent).toMatch(/-03$/);
    await tracing.close();
  });

  test('of a failure is an error, with a short description', async () => {
    const collector = await startCollector();
    const { tracing } = start(collector);
    tracing.begin(WORK, PARENT).end(bad, 'it', null);
    await tracing.close();
    expect(collector.spans[0]?.status).toEqual({ code: 2, message: 'uncertain' });
  });

  test('of an exception names the kind of error and none of its text', async () => {
    const collector = await startCollector();
    const { tracing } = start(collector);
    const broken = endSpanWith(tracing.begin(WORK, PARENT), fine, 'it', Promise.reject(new TypeError('secret')));
    await expect(broken).rejects.toThrow('secret');
    await tracing.close();
    expect(collector.spans[0]).toMatchObject({
      attributes: { 'error.type': 'TypeError' },
      status: { code: 2, message: 'TypeError' },
    });
    expect(collector.bodies.join()).not.toContain('secret');
  });
});

describe('a linked span', () => {
  test('is a trace of its own with a link, and may have started earlier', async () => {
    const collector = await startCollector();
    const { tracing } = start(collector);
    tracing.beginLinked(WORK, PARENT, NO_CONTEXT, START - 1000).end(fine, 'it', 'done');
    await tracing.close();
    const [span] = collector.spans;
    expect(span).toMatchObject({ links: [{ traceId: TRACE, spanId: 'b7ad6b7169203331' }], startedAt: START - 1000 });
    expect(span?.parentSpanId).toBeUndefined();
    expect(span?.traceId).not.toBe(TRACE);
  });

  test('is part of the trace that its caller sent', async () => {
    const collector = await startCollector();
    const { tracing } = start(collector);
    const caller = readTraceContext('00-1234567890123456789012345678901f-1234567890123456-00', null);
    tracing.beginLinked(WORK, PARENT, caller).end(fine, 'it', 'done');
    await tracing.close();
    expect(collector.spans).toMatchObject([
      { traceId: traceIdOf(caller.traceparent), parentSpanId: '1234567890123456', links: [{ traceId: TRACE }] },
    ]);
  });

  test('is sampled exactly if its link is, whatever the ratio', async () => {
    const collector = await startCollector();
    const { tracing } = start(collector, { sampler: 'parentbased_traceidratio', ratio: 0 });
    tracing.beginLinked(WORK, PARENT).end(fine, 'it', 'kept');
    expect(tracing.beginLinked(WORK, UNSAMPLED)).toBe(NO_SPAN);
    await tracing.close();
    expect(collector.spans.map(({ attributes }) => attributes['answer'])).toEqual(['kept']);
  });
});

test.for<[SamplerName, number, { root: boolean; sampled: boolean; unsampled: boolean }]>([
  ['always_on', 1, { root: true, sampled: true, unsampled: true }],
  ['always_off', 1, { root: false, sampled: false, unsampled: false }],
  ['traceidratio', 1, { root: true, sampled: true, unsampled: true }],
  ['traceidratio', 0, { root: false, sampled: false, unsampled: false }],
  ['parentbased_always_on', 1, { root: true, sampled: true, unsampled: false }],
  ['parentbased_always_off', 1, { root: false, sampled: true, unsampled: false }],
  ['parentbased_traceidratio', 1, { root: true, sampled: true, unsampled: false }],
  ['parentbased_traceidratio', 0, { root: false, sampled: true, unsampled: false }],
])('the sampler %s (%s) samples as documented, and its decision is passed on', async ([sampler, ratio, kept]) => {
  const collector = await startCollector();
  const { tracing } = start(collector, { sampler, ratio });
  const parents = { root: NO_CONTEXT, sampled: PARENT, unsampled: UNSAMPLED };
  const flags = Object.entries(parents).map(([name, parent]) => {
    const span = tracing.begin(WORK, parent);
    span.end(fine, name, 'done');
    return [name, span.context?.traceparent?.endsWith('-01')];
  });
  await tracing.close();
  expect(Object.fromEntries(flags)).toEqual(kept);
  const sent = new Set(collector.spans.map(({ attributes }) => attributes['about']));
  expect(sent).toEqual(new Set(Object.keys(kept).filter((name) => kept[name as keyof typeof kept])));
});

test('attributes are not computed for a span that is not recorded', async () => {
  const { tracing } = start(await startCollector(), { sampler: 'always_off' });
  const asked = () => {
    throw new Error('asked');
  };
  tracing.begin(WORK, PARENT).end(asked, null, null);
  await tracing.close();
});

describe('a collector', () => {
  test('that refuses spans is reported once, however often it refuses', async () => {
    const collector = await startCollector(400);
    const { tracing, log } = start(collector);
    for (let i = 0; i < 1200; i += 1) tracing.begin(WORK, PARENT).end(fine, 'it', 'done');
    await tracing.close();
    expect(collector.requests.length).toBeGreaterThan(1);
    expect(log.lines).toMatchObject([{ level: 'warn', facts: { reason: expect.stringContaining('Bad Request') } }]);
  });

  test('that is slow costs a bounded number of spans, and the others are dropped', async () => {
    const collector = await startCollector();
    const { tracing } = start(collector);
    for (let i = 0; i < 10_000; i += 1) tracing.begin(WORK, PARENT).end(fine, 'it', 'done');
    await tracing.close();
    expect(collector.spans.length).toBeGreaterThan(4_000);
    expect(collector.spans.length).toBeLessThan(5_000);
  });
});
