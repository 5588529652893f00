// A PostgreSQL with a synchronous standby, made by Debian's pg_basebackup: the primary can be killed, and the standby promoted.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, globSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Client, type ClientConfig } from 'pg';
import { onTestFinished } from 'vitest';
import { type Cluster, startCluster } from '../../src/demo/cluster/postgres-server.ts';
import { freePort } from '../../src/lib/free-port.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { becomes, PATIENCE_MS } from './budget.ts';

export interface ReplicatedPostgres {
  /** The ports of the primary and of the standby. */
  readonly ports: readonly [number, number];
  /** User and password, as in a URL. */
  readonly login: string;
  readonly version: string;
  /** Ends the primary at once, and starts it again. */
  crash(signal: 'SIGQUIT' | 'SIGKILL'): Promise<void>;
  /** Kills the process of a connection, after which the primary ends all of them and recovers. */
  killBackend(): Promise<void>;
  /** Ends the primary at once and for good, and promotes the standby. */
  promote(): Promise<void>;
}

/** The folder of Debian's newest PostgreSQL; null: pg_basebackup is not installed. */
export const BIN: string | null =
  globSync('/usr/lib/postgresql/*/bin/pg_basebackup')
    .map((file) => dirname(file))
    .toSorted()
    .at(-1) ?? null;

/** When the shared memory was set up: again after each recovery. */
const STARTED = "SELECT min(backend_start)::text AS started FROM pg_stat_activity WHERE backend_type = 'checkpointer'";

const BACKENDS = `SELECT pid, (${STARTED}) AS started FROM pg_stat_activity
  WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY pid LIMIT 1`;

export async function startReplicated(): Promise<ReplicatedPostgres> {
  const folder = temporaryFolder();
  // The servers run as another user than root.
  chmodSync(folder, 0o755);
  const settings = { shared_buffers: '64MB', max_connections: '120' };
  const primary: Cluster = await startCluster(folder, { bin: BIN, settings });
  onTestFinished(primary.stop);
  const { user, password, port } = primary.connection;
  const standby = await startStandby(folder, `host=127.0.0.1 port=${port} user=${user} password=${password}`);
  const query = (at: number, text: string) => onServer({ ...primary.connection, port: at }, text);
  await query(Number(port), "ALTER SYSTEM SET synchronous_standby_names = 'standby'");
  await query(Number(port), 'SELECT pg_reload_conf()');
  const ask = () => query(Number(port), 'SELECT sync_state FROM pg_stat_replication').catch(() => []);
  await becomes('the standby is synchronous', ask, (rows) => JSON.stringify(rows) === '[{"sync_state":"sync"}]');
  return {
    ports: [Number(port), standby.port],
    login: `${user}:${password}`,
    version: primary.version,
    crash: primary.crash,
    killBackend: async () => {
      const [row] = (await query(Number(port), BACKENDS)) as { pid: number; started: string }[];
      if (row === undefined) throw new Error('nobody is connected to the primary');
      process.kill(row.pid, 'SIGKILL');
      const { started } = row;
      const ask = () => query(Number(port), STARTED).catch(() => []) as Promise<{ started: string }[]>;
      await becomes('the primary has recovered', ask, ([now]) => now !== undefined && now.started !== started);
    },
    promote: async () => {
      await primary.kill();
      await query(standby.port, 'SELECT pg_promote()');
    },
  };
}

async function startStandby(folder: string, conninfo: string): Promise<{ port: number; child: ChildProcess }> {
  const bin = BIN ?? '';
  const home = join(folder, 'standby');
  mkdirSync(home, { mode: 0o700 });
  const { uid, gid } = statSync(join(folder, 'cluster'));
  execFileSync('chown', [`${uid}:${gid}`, home]);
  const as = { uid, gid, cwd: '/', env: { PATH: bin, LC_ALL: 'C' } };
  const target = `${conninfo} application_name=standby`;
  execFileSync(join(bin, 'pg_basebackup'), ['-D', home, '-d', target, '-R', '-X', 'stream', '-c', 'fast'], as);
  const port = await freePort();
  const settings = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    hot_standby: 'on',
  };
  const more = { shared_buffers: '64MB', max_connections: '120', logging_collector: 'off' };
  const args = Object.entries({ ...settings, ...more }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(join(bin, 'postgres'), ['-D', home, ...args], { ...as, stdio: 'ignore' });
  onTestFinished(async () => {
    const ended = child.exitCode === null ? once(child, 'exit') : null;
    child.kill('SIGQUIT');
    await ended;
  });
  return { port, child };
}

async function onServer(connection: ClientConfig, text: string): Promise<unknown[]> {
  const client = new Client({ ...connection, connectionTimeoutMillis: PATIENCE_MS, query_timeout: PATIENCE_MS });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
