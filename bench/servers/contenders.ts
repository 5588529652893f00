// The contenders: each a process with its own data, and a check of that data afterwards.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { verifyAudit } from '../../src/store/sqlite/verify/verify.ts';
import { copyOf, type Prepared } from '../prepared.ts';
import { type Place, type Process, startProcess } from '../process.ts';
import { settled } from '../settled.ts';
import { fillObvious, openObviousStore } from './obvious-on-postgres.ts';
import { countObvious, createObviousTables } from './obvious-tables.ts';
import { startPostgresServer } from './postgres-server.ts';
import { APP_HEADERS, APP_KEY, type Commits, SECRET, startReceiver } from './receiver.ts';
import { isListening } from './serve.ts';

/** 'revision' is the receiver of another revision. */
export type ContenderName = 'bare' | 'receiver' | 'revision' | 'obvious' | 'postgres' | 'restate';

export interface Contender {
  readonly name: ContenderName;
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The file of its requests; by default the file of the bench. */
  readonly requests?: { readonly file: string; readonly count: number };
  /** False: requests change nothing, so that the same ones can be repeated. */
  readonly consumes: boolean;
  cpuMicroseconds(): Promise<number>;
  /** Null: the contender does not report it. */
  commits(): Promise<Commits | null>;
  signal(name: NodeJS.Signals): void;
  /**
   * Stops the contender and verifies that it kept what it acknowledged.
   * @throws Error that names the missing data.
   */
  settle(answered: number): Promise<void>;
  stop(): Promise<void>;
}

export interface Ground {
  readonly scratch: string;
  readonly prepared: Prepared;
  readonly place: Place;
  readonly signal: AbortSignal;
}

export async function startBare({ scratch, place }: Pick<Ground, 'scratch' | 'place'>): Promise<Contender> {
  const child = startProcess({ file: fileOf('bare.ts'), place, logFile: join(scratch, 'bare.log') });
  return { ...(await contender('bare', child)), consumes: false, settle: child.stop };
}

export async function startObvious({ scratch, prepared, place }: Ground): Promise<Contender> {
  const path = join(scratch, 'obvious.db');
  createObviousTables(path, prepared.path);
  const child = startProcess({
    file: fileOf('obvious.ts'),
    args: [path, SECRET],
    place,
    logFile: join(scratch, 'obvious.log'),
  });
  return {
    ...(await contender('obvious', child)),
    settle: async (answered) => {
      await child.stop();
      demandEqual('the obvious build', { ...countObvious(path) }, { resolved: answered, audited: answered });
    },
  };
}

export async function startPostgres({ scratch, prepared, place }: Ground): Promise<Contender> {
  const server = await startPostgresServer({ scratch, place });
  try {
    const url = server.urlOf('postgres');
    await fillObvious(url, prepared.path);
    const logFile = join(scratch, 'postgres.log');
    const child = startProcess({ file: fileOf('postgres.ts'), args: [url, SECRET, APP_KEY], place, logFile });
    const stop = async () => {
      await child.stop();
      await server.stop();
    };
    return {
      ...(await contender('postgres', child)),
      settle: async (answered) => {
        await child.stop();
        await demandRecorded(url, 'the PostgreSQL build', { resolved: answered, audited: answered });
        await server.stop();
      },
      stop,
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** @throws Error that names what the obvious build on PostgreSQL has lost. */
export async function demandRecorded(
  url: string,
  who: string,
  expected: Readonly<Record<string, number>>,
): Promise<void> {
  const store = openObviousStore(url);
  try {
    demandEqual(who, await store.count(), expected);
  } finally {
    await store.close();
  }
}

/** Resolves when the receiver has read back its statistics and is at rest. `submits`: it gets submissions, not callbacks. */
export async function startReceiverAsContender(
  { scratch, prepared, place, signal }: Ground,
  { upstream, submits = false, env: more = {} }: { upstream: string; submits?: boolean; env?: Record<string, string> },
): Promise<Contender> {
  const databasePath = join(scratch, 'receiver.db');
  await copyOf(prepared, databasePath);
  // Submissions above CXone's limit wait in the queue, longer than the measurement lasts.
  const queue = submits ? { QUEUE_CAPACITY: '10000000', QUEUE_TIMEOUT_SECONDS: '86400' } : {};
  const env: Record<string, string> = { ...queue, ...more };
  const child = await startReceiver({ name: 'receiver', databasePath, scratch, place, upstream, env });
  await settled(child, signal);
  return {
    ...contenderAt('receiver', child, child.port),
    headers: submits ? APP_HEADERS : {},
    commits: child.commits,
    settle: async (answered) => {
      await child.stop();
      const expected = submits
        ? { accepted: prepared.open + answered, terminal: 0, difference: 0, findings: '' }
        : { accepted: prepared.open, terminal: answered, difference: 0, findings: '' };
      demandEqual('the receiver', accountOf(databasePath), expected);
    },
  };
}

/** Checks the view `conservation` and the hash chain. */
function accountOf(path: string): Record<string, unknown> {
  const client = new Database(path, { readonly: true });
  try {
    const { findings } = verifyAudit(client);
    const conserved = client
      .prepare<[], Record<string, number>>('SELECT accepted, terminal, difference FROM conservation')
      .get();
    return { ...conserved, findings: findings.map((finding) => JSON.stringify(finding)).join(' ') };
  } finally {
    client.close();
  }
}

/** @throws Error that names the difference. */
export function demandEqual(
  who: string,
  found: Readonly<Record<string, unknown>>,
  expected: Readonly<Record<string, unknown>>,
): void {
  const wrong = Object.entries(expected).filter(([name, value]) => found[name] !== value);
  if (wrong.length === 0) return;
  const words = wrong.map(([name, value]) => `${name} is ${String(found[name])} and should be ${String(value)}`);
  throw new Error(`${who} does not hold what it acknowledged: ${words.join('; ')}`);
}

export async function contender(name: ContenderName, child: Process): Promise<Omit<Contender, 'settle'>> {
  return contenderAt(name, child, (await child.message(isListening)).listening);
}

function contenderAt(name: ContenderName, child: Process, port: number): Omit<Contender, 'settle'> {
  return {
    ...{ name, port, headers: {}, consumes: true },
    cpuMicroseconds: child.cpuMicroseconds,
    commits: () => Promise.resolve(null),
    signal: child.signal,
    stop: child.stop,
  };
}

function fileOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
