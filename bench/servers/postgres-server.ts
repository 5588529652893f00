// The PostgreSQL server of a bench: its databases and its processor time.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { type Place, startProcess } from '../process.ts';
import type { StartedCluster } from './cluster.ts';

const FILE = fileURLToPath(new URL('cluster.ts', import.meta.url));
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/postgres/', import.meta.url));

export interface PostgresServer {
  readonly version: string;
  readonly port: number;
  urlOf(database: string): string;
  /** Runs statements one by one, each outside a transaction, on a connection of its own. Returns the rows of the last one. */
  run(database: string, ...statements: readonly string[]): Promise<Record<string, unknown>[]>;
  /** Processor time of all processes that the server has had so far, in microseconds; null without /proc. */
  cpuMicroseconds(): Promise<number | null>;
  stop(): Promise<void>;
}

export interface PostgresServerOptions {
  readonly scratch: string;
  readonly place: Place;
  /** True: without an installed PostgreSQL, one is downloaded as a package. */
  readonly canDownload?: boolean;
}

/** @throws Error with the reason why no server starts here. */
export async function startPostgresServer(options: PostgresServerOptions): Promise<PostgresServer> {
  const { scratch, place, canDownload = false } = options;
  const args = canDownload ? [scratch, CACHE] : [scratch];
  const child = startProcess({ file: FILE, args, place, logFile: join(scratch, 'cluster.log') });
  const { cluster } = await child.message((message): message is StartedCluster => 'cluster' in message);
  const urlOf = (database: string) => {
    const url = new URL(cluster.url);
    url.pathname = database;
    return url.href;
  };
  return {
    version: cluster.version,
    port: Number(new URL(cluster.url).port),
    urlOf,
    run: async (database, ...statements) => {
      const client = new Client({ connectionString: urlOf(database) });
      await client.connect();
      try {
        let rows: Record<string, unknown>[] = [];
        for (const statement of statements) rows = (await client.query(statement)).rows;
        return rows;
      } finally {
        await client.end();
      }
    },
    cpuMicroseconds: () => familyCpuMicroseconds(cluster.pid),
    stop: child.stop,
  };
}

/** Linux states the times of processes in hundredths of a second on every processor that Node supports. */
const TICK_MICROSECONDS = 10_000;

interface Times {
  readonly parent: number;
  /** Ticks of the process itself. */
  readonly own: number;
  /** Ticks of its children that have ended. */
  readonly ended: number;
}

/** Processor time of a process and its children, those that have ended included. */
async function familyCpuMicroseconds(pid: number): Promise<number | null> {
  const first = await timesOf(pid);
  if (first === null) return null;
  const all = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const children = (await Promise.all(all.map(timesOf))).filter((times) => times?.parent === pid);
  const ticks = children.reduce((sum, times) => sum + (times?.own ?? 0), first.own + first.ended);
  return ticks * TICK_MICROSECONDS;
}

/** See proc(5). Returns null for a process that has ended, and without /proc. */
async function timesOf(pid: number): Promise<Times | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (text === null) return null;
  // The name of the program, in parentheses, may contain spaces.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [, parent = 0] = fields;
  const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15);
  return { parent, own: user + system, ended: endedUser + endedSystem };
}
