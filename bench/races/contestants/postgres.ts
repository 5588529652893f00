// The private PostgreSQL of a contestant, whose processes can be killed while it runs.

import { Client, Pool } from 'pg';
import { type Cluster, findPostgres, startCluster } from '../../../src/demo/cluster/postgres-server.ts';
import { Unavailable } from '../races.ts';
import { until } from '../run.ts';

export interface Postgres {
  readonly url: string;
  /** For example `PostgreSQL 15.18`. */
  readonly version: string;
  /** Runs one query on a connection of its own pool. Each value is the text of PostgreSQL, or null. */
  query(sql: string, values?: readonly unknown[]): Promise<Record<string, string | null>[]>;
  /** Kills one of its processes with SIGKILL: it ends all others, discards its shared memory and recovers from its log. */
  killAndRecover(): Promise<void>;
  stop(): Promise<void>;
}

/** @throws Unavailable when PostgreSQL is not installed. */
export async function startPostgres(scratch: string): Promise<Postgres> {
  if (findPostgres() === null) throw new Unavailable('PostgreSQL is not installed here');
  const cluster = await startCluster(scratch);
  const { host, port, user, password, database } = cluster.connection;
  const pool = new Pool({ ...cluster.connection, types: { getTypeParser: () => (text: string) => text } });
  // Connections end when the server is killed; the next query opens another one.
  pool.on('error', () => {});
  const version = /^[\d.]+/.exec(cluster.version)?.[0] ?? cluster.version;
  return {
    url: `postgres://${user}:${password}@${host}:${port}/${database}`,
    version: `PostgreSQL ${version}`,
    query: async (sql, values = []) => (await pool.query(sql, [...values])).rows,
    killAndRecover: () => killAndRecover(cluster),
    stop: async () => {
      await pool.end();
      await cluster.stop();
    },
  };
}

async function killAndRecover({ connection }: Cluster): Promise<void> {
  const client = new Client(connection);
  const ended = Promise.withResolvers<void>();
  client.on('error', () => ended.resolve());
  client.on('end', () => ended.resolve());
  await client.connect();
  const { rows } = await client.query<{ pid: number }>(
    "SELECT pid FROM pg_stat_activity WHERE backend_type = 'background writer'",
  );
  const pid = rows[0]?.pid;
  if (pid === undefined) throw new Error('PostgreSQL shows no background writer');
  process.kill(pid, 'SIGKILL');
  await ended.promise;
  await until('PostgreSQL after its recovery', async () => {
    const again = new Client(connection);
    again.on('error', () => {});
    try {
      await again.connect();
      return true;
    } catch {
      return null;
    } finally {
      await again.end().catch(() => {});
    }
  });
}
