// A private PostgreSQL: found on the machine, on a free port of loopback, durable, and deleted with its folder at the end.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Client, type ClientConfig } from 'pg';
import { freePort } from '../../lib/free-port.ts';
import { systemWorld } from '../../lib/world.ts';

const START_MS = 30_000;
const POLL_MS = 50;
const USER = 'bench';

export interface Cluster {
  readonly connection: ClientConfig;
  /** The version string of the server. */
  readonly version: string;
  /**
   * Ends the server at once, unless it has ended by itself, without a checkpoint, and starts it again: it recovers from its write-ahead log.
   * @param signal default: SIGQUIT, PostgreSQL's immediate shutdown
   */
  crash(signal?: 'SIGQUIT' | 'SIGKILL'): Promise<void>;
  /** Ends the server in the same way, for good. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** The folder with `postgres` and `initdb`: from PATH, or Debian's newest; null when PostgreSQL is not installed. */
export function findPostgres(): string | null {
  const debian = globSync('/usr/lib/postgresql/*/bin').sort((a, b) => versionIn(b) - versionIn(a));
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...debian];
  return folders.find((folder) => ['postgres', 'initdb'].every((name) => existsSync(join(folder, name)))) ?? null;
}

export interface ClusterOptions {
  /** The folder with `postgres` and `initdb`; default: the one that is installed. */
  readonly bin?: string | null;
  /** Settings besides those of an operator. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** @throws Error with PostgreSQL's message. */
export async function startCluster(folder: string, options: ClusterOptions = {}): Promise<Cluster> {
  const { bin = findPostgres(), settings: more = {} } = options;
  if (bin === null) throw new Error('no PostgreSQL is installed here');
  const owner = unprivileged();
  const home = join(folder, 'cluster');
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  const passwordFile = join(folder, 'password');
  const password = randomBytes(24).toString('base64url');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (owner !== null) for (const path of [home, passwordFile]) chownSync(path, owner.uid, owner.gid);
  chmodSync(home, 0o700);

  const as = { ...owner, cwd: '/', env: { PATH: bin, LC_ALL: 'C' } };
  try {
    const initdb = ['-D', home, '-U', USER, '-A', 'scram-sha-256', '--pwfile', passwordFile, '-E', 'UTF8'];
    execFileSync(join(bin, 'initdb'), initdb, { ...as, stdio: 'pipe', encoding: 'utf8' });
  } catch (error) {
    // As root, PostgreSQL runs as another user, who may be unable to traverse to the folder.
    throw new Error((error as { stderr?: string }).stderr?.trim() ?? String(error));
  } finally {
    rmSync(passwordFile, { force: true });
  }

  const port = await freePort();
  const logFile = join(home, 'server.log');
  const start = () => spawn(join(bin, 'postgres'), ['-D', home, ...settings(port, more)], { ...as, stdio: 'ignore' });
  let server = start();
  const end = async (signal: NodeJS.Signals) => {
    if (hasEnded(server)) return;
    const ended = once(server, 'exit');
    server.kill(signal);
    await ended;
  };
  // SIGQUIT is PostgreSQL's immediate shutdown: it ends its children, which SIGKILL would leave behind.
  const kill = () => void server.kill('SIGQUIT');
  process.on('exit', kill);
  const connection = { host: '127.0.0.1', port, user: USER, password, database: 'postgres' };
  try {
    const version = await answering(connection, server, logFile);
    return {
      connection,
      version,
      crash: async (signal = 'SIGQUIT') => {
        await end(signal);
        server = await restarted(start, (started) => answering(connection, started, logFile));
      },
      kill: () => end('SIGQUIT'),
      stop: () => stop(server, home),
    };
  } catch (error) {
    kill();
    throw error;
  }
}

/** Durable, as by default, and with the memory that an operator would give it. */
function settings(port: number, more: Readonly<Record<string, string>>): string[] {
  const values = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    fsync: 'on',
    synchronous_commit: 'on',
    shared_buffers: '512MB',
    max_wal_size: '4GB',
    logging_collector: 'on',
    log_directory: '.',
    log_filename: 'server.log',
    ...more,
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** PostgreSQL refuses to run as root. */
function unprivileged(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const name = ['postgres', 'nobody'].find((user) => idOf(user, '-u') !== null);
  const [uid, gid] = [idOf(name ?? '', '-u'), idOf(name ?? '', '-g')];
  if (uid === null || gid === null)
    throw new Error('PostgreSQL needs another user than root, and neither "postgres" nor "nobody" exists');
  return { uid, gid };
}

function idOf(user: string, which: '-u' | '-g'): number | null {
  try {
    return Number(execFileSync('id', [which, user], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  } catch {
    return null;
  }
}

async function answering(connection: ClientConfig, server: ChildProcess, logFile: string): Promise<string> {
  const late = Date.now() + START_MS;
  for (;;) {
    const client = new Client(connection);
    try {
      await client.connect();
      const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
      return rows[0]?.server_version ?? 'unknown';
    } catch (error) {
      if (server.exitCode !== null || Date.now() > late) {
        const said = existsSync(logFile) ? readFileSync(logFile, 'utf8') : String(error);
        throw new Error(`PostgreSQL does not start: ${said.trim().split('\n').slice(-5).join('\n')}`);
      }
    } finally {
      await client.end().catch(() => {});
    }
    await systemWorld.sleep(POLL_MS);
  }
}

/** Until the children of a server that got SIGKILL notice that it is gone, they hold its memory, and no other server starts. */
async function restarted(
  start: () => ChildProcess,
  answers: (server: ChildProcess) => Promise<unknown>,
): Promise<ChildProcess> {
  const late = Date.now() + START_MS;
  for (;;) {
    const server = start();
    try {
      await answers(server);
      return server;
    } catch (error) {
      if (Date.now() > late) throw error;
    }
    await systemWorld.sleep(POLL_MS);
  }
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

async function stop(server: ChildProcess, home: string): Promise<void> {
  if (!hasEnded(server)) {
    const ended = once(server, 'exit');
    // SIGINT is PostgreSQL's fast shutdown: clients are disconnected.
    server.kill('SIGINT');
    await ended;
  }
  rmSync(home, { recursive: true, force: true });
}

function versionIn(folder: string): number {
  return Number(/\/postgresql\/(\d+)/.exec(folder)?.[1] ?? 0);
}
