// The rate of an app at several receivers of one database: what one has admitted counts at the others.

import { expect, test } from 'vitest';
import { createRateLimits, withRateLimit } from '../../../src/http/middleware/rate-limit.ts';
import { json } from '../../../src/http/response/json.ts';
import { createTokenBucket } from '../../../src/lib/token-bucket.ts';
import type { SubmissionRates } from '../../../src/store/rates-port.ts';
import { createManualWorld } from '../../support/manual-world.ts';

const RULES = { appRates: new Map([['orders', 5]]), appQueueCapacities: new Map(), queueCapacity: 100 };

/** Two receivers whose database holds one bucket for each app. */
function twoReceivers() {
  const world = createManualWorld();
  const bucket = createTokenBucket(5, 5 / 1000, world.elapsed);
  const shared: SubmissionRates = {
    takeSubmissions: async (_app, _rate, counts) => {
      const admitted = counts.findIndex((count) => !bucket.take(count));
      return { admitted: admitted === -1 ? counts.length : admitted, level: bucket.level() };
    },
  };
  const receivers = [createRateLimits(world, RULES, shared), createRateLimits(world, RULES, shared)] as const;
  return { world, receivers };
}

test('what one receiver admits counts at the other, and a refusal states when the next submission is admitted', async () => {
  const { world, receivers } = twoReceivers();
  const [one, other] = receivers;
  const taken = await Promise.all([1, 2, 3].flatMap(() => [one.take('orders', 1), other.take('orders', 1)]));
  const refused = taken.filter((response) => response !== null);
  expect(refused).toHaveLength(1);
  expect(refused[0]?.status).toBe(429);
  const again = await one.take('orders', 1);
  expect(again?.headers.get('retry-after')).toBe('1');
  expect(again?.headers.get('ratelimit')).toBe('"submissions";r=0;t=1');
  await world.advance(200);
  expect(await one.take('orders', 1)).toBe(null);
  expect((await other.take('orders', 1))?.status).toBe(429);
});

test('the headers of a response state what is left at all receivers together', async () => {
  const { receivers } = twoReceivers();
  const handle = receivers.map((rates) => withRateLimit(rates, 1, async () => json(202, {})));
  const submit = async (n: number) =>
    (await handle[n]?.({} as never, { kind: 'app', name: 'orders' }))?.headers.get('ratelimit');
  expect([await submit(0), await submit(1), await submit(0)]).toEqual([
    '"submissions";r=4;t=1',
    '"submissions";r=3;t=1',
    '"submissions";r=2;t=1',
  ]);
});

test('an app without a rate asks no other receiver', async () => {
  const world = createManualWorld();
  const shared: SubmissionRates = {
    takeSubmissions: () => Promise.reject(new Error('asked')),
  };
  expect(await createRateLimits(world, RULES, shared).take('billing', 1)).toBe(null);
});
