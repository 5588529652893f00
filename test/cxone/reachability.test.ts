// Hosts that cannot be reached are reported once, until they respond or are no longer used.

import { expect, test } from 'vitest';
import { createReachability } from '../../src/cxone/reachability.ts';
import type { HttpResult } from '../../src/cxone/transport.ts';
import { createManualWorld } from '../support/manual-world.ts';
import { quietLog } from '../support/quiet-log.ts';

const refused: HttpResult = { type: 'unsent', latencyMs: 1, reason: 'connect ECONNREFUSED' };
const broken: HttpResult = { type: 'uncertain', latencyMs: 1, reason: 'read ECONNRESET' };
const ok: HttpResult = {
  ...{ type: 'answered', httpStatus: 500, latencyMs: 1, retryAfterMs: 0, location: null },
  ...{ headers: new Headers(), body: new Uint8Array(), contentType: null, cut: null },
};

test('from the first failure to the first response, with one warning in the log', async () => {
  const [world, log] = [createManualWorld(), quietLog()];
  const { observe, problems } = createReachability(world, log);
  const since = world.now();
  observe('https://a.example/token', refused);
  await world.advance(60_000);
  observe('https://a.example/execute', refused);
  observe('https://a.example/execute', broken);
  observe('https://b.example/execute', ok);
  expect(problems()).toMatchObject([{ origin: 'https://a.example', since, reason: 'connect ECONNREFUSED' }]);
  observe('https://a.example/execute', ok);
  expect(problems()).toEqual([]);
  expect(log.lines).toMatchObject([{ level: 'warn', facts: { origin: 'https://a.example' } }]);
});

test('not after two minutes without another failure: CXone may have moved', async () => {
  const world = createManualWorld();
  const { observe, problems } = createReachability(world, quietLog());
  observe('https://a.example/', refused);
  await world.advance(120_001);
  expect(problems()).toEqual([]);
});

test('not because the receiver closes', () => {
  const { observe, problems } = createReachability(createManualWorld(), quietLog());
  observe('https://a.example/', { ...refused, reason: 'the receiver is closing' });
  expect(problems()).toEqual([]);
});
