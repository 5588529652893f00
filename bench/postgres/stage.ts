// Starts what the measure `postgres` compares: one server of PostgreSQL, and each build on databases of its own.

import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Load, startLoad } from '../load/client.ts';
import { callbacksFor, submissions, writeRequests } from '../load/requests.ts';
import type { Settings } from '../measure.ts';
import { preparedIn } from '../prepared.ts';
import { type Process, startProcess } from '../process.ts';
import { type PostgresServer, startPostgresServer } from '../servers/postgres-server.ts';
import { APP_KEY, type Receiver, SECRET, startCommand, startReceiver } from '../servers/receiver.ts';
import { isListening } from '../servers/serve.ts';
import { startUpstream } from '../servers/upstream.ts';
import { settled } from '../settled.ts';
import { makeDatabases, verifyObvious, verifyReceiver } from './databases.ts';

export const RECEIVERS = 4;
/** Of one direction. */
const DELAY_MS = 1;

/** Submissions wait in the queue: the obvious build does not send either. */
const RECEIVER_ENV = { QUEUE_CAPACITY: '10000000', QUEUE_TIMEOUT_SECONDS: '86400', RATE_LIMIT_PER_SECOND: '1' };

export interface StageSize {
  /** Pending executions of each database. */
  readonly open: number;
  readonly submissions: number;
}

/** One build on a database of its own. */
export interface Build {
  readonly processes: readonly Process[];
  /** Of its receivers; none for a store without HTTP. */
  readonly ports: readonly number[];
  /** The number of callbacks and of submissions that it was sent, which is the place of the next one in its file. */
  readonly used: { callbacks: number; submissions: number };
  /** Stops it and verifies that it kept what it acknowledged. */
  settle(): Promise<void>;
}

export interface Stage {
  readonly server: PostgresServer;
  readonly load: Load;
  readonly files: { readonly callbacks: string; readonly submissions: string };
  /** The port through which the way to the server is longer. */
  readonly distantPort: number;
  readonly builds: Readonly<Record<BuildName, Build>>;
}

const RECEIVER_BUILDS = ['receiver', 'receivers', 'receiver_store', 'receiver_distant'] as const;
const OBVIOUS_BUILDS = ['obvious', 'obvious_store', 'obvious_distant'] as const;
export type BuildName = (typeof RECEIVER_BUILDS)[number] | (typeof OBVIOUS_BUILDS)[number];

/** Starts everything in a separate folder, calls `work`, verifies, and removes all of it, however the work ends. */
export async function withStage<T>(
  settings: Settings,
  size: StageSize,
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  const prepared = await preparedIn(settings.scratch, { open: size.open }, settings.signal);
  const scratch = await mkdtemp(join(settings.scratch, 'postgres-'));
  // Accessible for PostgreSQL's user, as the folder above.
  await chmod(scratch, 0o711);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(scratch, { recursive: true, force: true, maxRetries: 5 }));
  const stopping = <C extends { stop(): Promise<void> }>(one: C): C => {
    stack.defer(() => one.stop());
    return one;
  };

  const files = { callbacks: join(scratch, 'callbacks'), submissions: join(scratch, 'submissions') };
  await writeRequests(files.callbacks, callbacksFor(prepared.path, SECRET));
  await writeRequests(files.submissions, submissions(size.submissions));
  const server = stopping(await startPostgresServer({ scratch, place: null, canDownload: true }));
  settings.log(`PostgreSQL ${server.version}: ${size.open} open executions in each of 7 databases`);
  await makeDatabases(server, prepared.path, { receiver: RECEIVER_BUILDS, obvious: OBVIOUS_BUILDS }, settings.signal);
  const starting = { scratch, server, size, signal: settings.signal, stopping };
  const distantPort = await startProxy(starting);
  const load = stopping(await startLoad({ scratch, place: null }));
  const builds = await startBuilds(starting, distantPort);
  settings.signal.throwIfAborted();
  const result = await work({ server, load, files, distantPort, builds });
  settings.log('verification of what was acknowledged');
  for (const build of Object.values(builds)) await build.settle();
  return result;
}

interface Starting {
  readonly scratch: string;
  readonly server: PostgresServer;
  readonly size: StageSize;
  readonly signal: AbortSignal;
  readonly stopping: <C extends { stop(): Promise<void> }>(one: C) => C;
}

async function startBuilds(starting: Starting, distantPort: number): Promise<Stage['builds']> {
  const { scratch, stopping } = starting;
  const upstream = stopping(await startUpstream({ scratch, place: null }));
  return {
    receiver: await startReceivers(starting, 'receiver', 1, upstream.url),
    receivers: await startReceivers(starting, 'receivers', RECEIVERS, upstream.url),
    receiver_store: await startStore(starting, 'receiver_store', 'receiver'),
    receiver_distant: await startStore(starting, 'receiver_distant', 'receiver', distantPort),
    obvious: await startObvious(starting),
    obvious_store: await startStore(starting, 'obvious_store', 'obvious'),
    obvious_distant: await startStore(starting, 'obvious_distant', 'obvious', distantPort),
  };
}

async function startReceivers(
  starting: Starting,
  database: BuildName,
  count: number,
  upstream: string,
): Promise<Build> {
  const { scratch, server, signal, stopping } = starting;
  const env = { ...RECEIVER_ENV, DATABASE_PATH: '', DATABASE_URL: server.urlOf(database) };
  const receivers: Receiver[] = [];
  for (let i = 1; i <= count; i += 1) {
    const options = { name: `${database}-${i}`, databasePath: '', scratch, place: null, upstream, env };
    const receiver = stopping(await startReceiver(options));
    await settled(receiver, signal);
    receivers.push(receiver);
  }
  return { ...buildOf(starting, database, receivers, verifyReceiver), ports: receivers.map(({ port }) => port) };
}

async function startObvious(starting: Starting): Promise<Build> {
  const { scratch, server, stopping } = starting;
  const args = [server.urlOf('obvious'), SECRET, APP_KEY];
  const options = { file: fileOf('postgres.ts'), args, place: null, logFile: join(scratch, 'obvious.log') };
  const child = stopping(startProcess(options));
  const { listening } = await child.message(isListening);
  return { ...buildOf(starting, 'obvious', [child], verifyObvious), ports: [listening] };
}

async function startStore(
  starting: Starting,
  database: BuildName,
  name: 'receiver' | 'obvious',
  port?: number,
): Promise<Build> {
  const { scratch, server, stopping } = starting;
  const url = new URL(server.urlOf(database));
  if (port !== undefined) url.port = String(port);
  const args = [name, url.href, SECRET];
  const logFile = join(scratch, `${database}.log`);
  const { nodeOptions } = startCommand();
  const child = stopping(startProcess({ file: fileOf('store-driver.ts'), nodeOptions, args, place: null, logFile }));
  await child.message((message): message is object => 'driver' in message);
  return buildOf(starting, database, [child], name === 'receiver' ? verifyReceiver : verifyObvious);
}

function buildOf(
  { server, size: { open } }: Starting,
  database: BuildName,
  processes: readonly Process[],
  verify: typeof verifyReceiver,
): Build {
  const used = { callbacks: 0, submissions: 0 };
  return {
    ...{ processes, ports: [], used },
    settle: async () => {
      await Promise.all(processes.map((one) => one.stop()));
      await verify(server, database, { open, called: used.callbacks, submitted: used.submissions });
    },
  };
}

/** Returns its port. */
async function startProxy({ scratch, server, stopping }: Starting): Promise<number> {
  const args = [String(server.port), String(DELAY_MS)];
  const logFile = join(scratch, 'proxy.log');
  const child = stopping(startProcess({ file: fileOf('delaying-proxy.ts'), args, place: null, logFile }));
  return (await child.message(isListening)).listening;
}

function fileOf(name: string): string {
  return fileURLToPath(new URL(`../servers/${name}`, import.meta.url));
}
