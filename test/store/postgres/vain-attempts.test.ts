// A database to which no connection can be made, while very many requests want to read.

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { addressesIn } from '../../../src/lib/database-url.ts';
import { StoreUnavailable } from '../../../src/store/port.ts';
import { createReads } from '../../../src/store/postgres/connection/reads.ts';
import { quietLog } from '../../support/quiet-log.ts';

const CONNECTIONS = 3;

test('while no connection can be made, no read waits for the attempts of those before it', async () => {
  let attempts = 0;
  const server = createServer((socket) => {
    attempts += 1;
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const reads = createReads({
    ...{ addresses: addressesIn(`postgres://receiver@127.0.0.1:${port}/receiver`), log: quietLog() },
    ...{ applicationName: 'test', world: { elapsed: () => 0 }, connections: CONNECTIONS },
  });
  onTestFinished(reads.close);

  for (const round of [1, 2]) {
    const wanted = Array.from({ length: 500 }, () => reads.all('SELECT 1'));
    for (const { status, reason } of (await Promise.allSettled(wanted)) as PromiseRejectedResult[]) {
      expect([status, reason]).toEqual(['rejected', expect.any(StoreUnavailable)]);
    }
    // A later read tries again.
    expect(attempts).toBe(round * CONNECTIONS);
  }
});
