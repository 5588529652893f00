// The longest response behind the proxies of deploy/, in a file of its own: it takes a minute, in which the processors have other work.

import { expect, test } from 'vitest';
import { PROXIES } from './proxies.ts';
import { setScene } from './scene.ts';

test('a response may be waited for as long as the API allows, through each proxy', async () => {
  await Promise.all(
    PROXIES.map(async (kind) => {
      const scene = await setScene(kind);
      const began = performance.now();
      const { status, headers } = await scene.call('POST', '/v1/executions', {
        body: { actionId: 'charge' },
        prefer: 'wait=60',
      });
      expect(performance.now() - began).toBeGreaterThan(59_000);
      expect([status, headers.get('preference-applied')]).toEqual([202, 'wait=60']);
    }),
  );
});
