// PgBouncer in front of PostgreSQL: session mode works, a mode that shares sessions is refused. Needs pgbouncer.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chmodSync, constants, existsSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../../src/lib/free-port.ts';
import { systemWorld } from '../../../src/lib/world.ts';
import { openPostgresStore } from '../../../src/store/postgres/store.ts';
import { anExecution, NOON } from '../../support/executions.ts';
import { newDatabase, serverUrl } from '../../support/postgres/databases.ts';
import { quietLog } from '../../support/quiet-log.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
const program = folders.map((folder) => join(folder, 'pgbouncer')).find((path) => existsSync(path));

/** Returns the URL of the database through PgBouncer. */
async function throughPooler(databaseUrl: string, mode: string): Promise<string> {
  const { hostname, port, username, password, pathname } = new URL(databaseUrl);
  const folder = temporaryFolder();
  chmodSync(folder, 0o755);
  const own = await freePort();
  const users = join(folder, 'users');
  writeFileSync(users, `"${username}" "${password}"\n`);
  const file = join(folder, 'pgbouncer.ini');
  writeFileSync(
    file,
    `[databases]
${pathname.slice(1)} = host=${hostname} port=${port} user=${username} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = plain
auth_file = ${users}
pool_mode = ${mode}
`,
  );
  // It refuses to run as root.
  const unprivileged = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const child = spawn(program ?? '', [file], { ...unprivileged, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(async () => {
    const ended = once(child, 'exit');
    if (child.exitCode === null && child.kill('SIGKILL')) await ended;
  });
  for (let log = ''; !log.includes('listening on'); ) log += (await once(child.stderr, 'data'))[0];
  return databaseUrl.replace(`:${port}/`, `:${own}/`);
}

function isRunnable(path: string | undefined): boolean {
  try {
    accessSync(path ?? '', constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

test.skipIf(serverUrl === null || !isRunnable(program))('in session mode, the store works', async () => {
  const url = await throughPooler(await newDatabase(), 'session');
  const store = await openPostgresStore({ url, world: systemWorld, log: quietLog() });
  onTestFinished(() => store.close());
  const execution = anExecution();
  await store.add({ execution, fingerprint: 'print', queueCapacity: 10 });
  await store.ping(NOON);
  expect(await store.find(execution.correlationId)).toMatchObject({ status: 'QUEUED' });
});

test.skipIf(serverUrl === null || !isRunnable(program)).for(['transaction', 'statement'])(
  'in %s mode, the database is refused with the remedy',
  async (mode) => {
    const url = await throughPooler(await newDatabase(), mode);
    const opening = openPostgresStore({ url, world: systemWorld, log: quietLog() });
    await expect(opening).rejects.toThrow(
      'share sessions of the server: connect without the pooler, or set its pool_mode to session',
    );
  },
);
