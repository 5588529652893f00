// Host names of apps: found in the hosts file and in DNS, without the threads that files and CXone's names need.

import { writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { addressesInHosts, namesToQuery } from '../../src/webhooks/host-names.ts';
import { createHostnameResolver, limitedResolver } from '../../src/webhooks/resolve-hostname.ts';
import { type Answer, startDnsServer } from '../support/dns-server.ts';
import { createManualWorld } from '../support/manual-world.ts';
import { temporaryFolder } from '../support/temporary.ts';

async function setUp(answer: (name: string, family: 4 | 6) => Answer, files: { hosts?: string; resolv?: string } = {}) {
  const folder = temporaryFolder();
  const [hostsPath, resolvConfPath] = [join(folder, 'hosts'), join(folder, 'resolv.conf')];
  writeFileSync(hostsPath, files.hosts ?? '');
  writeFileSync(resolvConfPath, files.resolv ?? '');
  const { server, queries } = await startDnsServer(answer);
  const world = createManualWorld();
  const resolve = createHostnameResolver({ world, hostsPath, resolvConfPath, servers: [server] });
  return { resolve, queries, world };
}

test('a name is resolved by DNS to all its addresses', async () => {
  const { resolve } = await setUp((_, family) => (family === 4 ? ['192.0.2.1', '192.0.2.2'] : []));
  expect(await resolve('hooks.example')).toEqual([
    { address: '192.0.2.1', family: 4 },
    { address: '192.0.2.2', family: 4 },
  ]);
});

test('the hosts file precedes DNS', async () => {
  const { resolve, queries } = await setUp(() => ['192.0.2.1'], { hosts: '10.1.2.3 crm.internal crm # ours\n' });
  expect(await resolve('CRM')).toEqual([{ address: '10.1.2.3', family: 4 }]);
  expect(queries).toEqual([]);
});

test('search domains are tried in the order of resolv.conf', async () => {
  const resolv = 'search apps.svc.cluster.local svc.cluster.local\noptions ndots:5\n';
  const known = 'hook.apps.svc.cluster.local';
  const { resolve, queries } = await setUp(
    (name, family) => {
      if (name !== known) return null;
      return family === 4 ? ['10.0.0.7'] : [];
    },
    { resolv },
  );
  expect(await resolve('hook.apps')).toEqual([{ address: '10.0.0.7', family: 4 }]);
  expect(queries).toEqual(['hook.apps.apps.svc.cluster.local', known]);
});

test('a name that does not exist is an error with the code of DNS', async () => {
  const { resolve } = await setUp(() => null);
  await expect(resolve('gone.example')).rejects.toMatchObject({ code: 'ENOTFOUND' });
});

test('a look-up without a response is cancelled after five seconds', async () => {
  const { resolve, world, queries } = await setUp(() => 'silent');
  const found = resolve('slow.example').catch((error: Error) => error.message);
  while (queries.length === 0) await new Promise(setImmediate);
  await world.advance(5_000);
  expect(await found).toBe('the name was not resolved within 5 s');
  expect(world.sleepers).toBe(0);
});

test('files are read while 40 names of an app get no response from DNS', async () => {
  const { resolve, world } = await setUp(() => 'silent');
  let ended = 0;
  const slow = Array.from({ length: 40 }, (_, i) =>
    resolve(`slow-${i}.example`).catch(() => {
      ended += 1;
    }),
  );
  await stat('.');
  expect(ended).toBe(0);
  await world.advance(5_000);
  await Promise.all(slow);
});

test('an app has four look-ups at a time; those of another app do not wait for them', async () => {
  const started: string[] = [];
  const pending: (() => void)[] = [];
  let isSlow = true;
  const resolve = async (name: string) => {
    started.push(name);
    if (isSlow) await new Promise<void>((end) => pending.push(end));
    return [];
  };
  const [mine, other] = [limitedResolver(resolve), limitedResolver(resolve)];
  const all = Array.from({ length: 6 }, (_, i) => mine(`mine-${i}`));
  const others = other('other');
  expect(started).toEqual(['mine-0', 'mine-1', 'mine-2', 'mine-3', 'other']);
  isSlow = false;
  for (const end of pending) end();
  await Promise.all([...all, others]);
  expect(started.slice(5)).toEqual(['mine-4', 'mine-5']);
});

test.for<[string, string, string[]]>([
  ['', 'hooks.example', ['hooks.example']],
  ['search a.example b.example', 'hook', ['hook.a.example', 'hook.b.example', 'hook']],
  ['search a.example', 'hook.b', ['hook.b', 'hook.b.a.example']],
  ['search a.example', 'hook.', ['hook']],
  ['domain a.example # comment\nsearch b.example.', 'hook', ['hook.b.example', 'hook']],
  ['search .', 'hook', ['hook']],
  ['search a.example\noptions timeout:1 ndots:2', 'x.y', ['x.y.a.example', 'x.y']],
])('with %j, %s is queried as resolv.conf(5) describes', ([resolvConf, name, expected]) => {
  expect(namesToQuery(resolvConf, name)).toEqual(expected);
});

test('lines of a hosts file may have comments, tabs, several names and addresses of both families', () => {
  const text = '# 192.0.2.9 a\n127.0.0.1\tlocalhost a\n::1 localhost\nnonsense a\n\n192.0.2.1   b A.\n';
  expect(addressesInHosts(text, 'localhost')).toEqual([
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ]);
  expect(addressesInHosts(text, 'a').map(({ address }) => address)).toEqual(['127.0.0.1']);
});
