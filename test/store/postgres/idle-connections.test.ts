// A connection that a firewall or a proxy has lost while it was idle, without closing it.

import { expect, onTestFinished, test } from 'vitest';
import { addressesIn } from '../../../src/lib/database-url.ts';
import { createReads } from '../../../src/store/postgres/connection/reads.ts';
import { createReusedDatabase, serverUrl } from '../../support/postgres/databases.ts';
import { startWatchedProxy } from '../../support/postgres/watched-proxy.ts';
import { quietLog } from '../../support/quiet-log.ts';

const database = createReusedDatabase();

test.skipIf(serverUrl === null)('a read after an idle time does not wait for a connection that was lost', async () => {
  const proxy = await startWatchedProxy(await database());
  onTestFinished(proxy.close);
  let elapsed = 0;
  const reads = createReads({
    ...{ addresses: addressesIn(proxy.url), log: quietLog(), applicationName: 'test' },
    world: { elapsed: () => elapsed },
  });
  onTestFinished(reads.close);
  expect(await reads.all('SELECT 1 AS n')).toEqual([{ n: 1 }]);
  elapsed = 60_000;
  expect(await reads.all('SELECT 2 AS n')).toEqual([{ n: 2 }]);
  // The connection stays without a response. A new one has one.
  proxy.hold();
  elapsed = 120_000;
  expect(await reads.all('SELECT 3 AS n')).toEqual([{ n: 3 }]);
});
