// A private Redis: found on the machine, on a free port of loopback, and ended with the bench.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../../../src/lib/free-port.ts';
import { Unavailable } from '../races.ts';
import { until } from '../run.ts';

export interface Redis {
  readonly port: number;
  /** Sends SIGKILL and starts it again on the same folder and port. */
  killAndRestart(): Promise<void>;
  stop(): Promise<void>;
}

/** Returns its version. @throws Unavailable when it is not installed. */
export function redisVersion(): string {
  try {
    const text = execFileSync('redis-server', ['--version'], { encoding: 'utf8' });
    return /v=(\S+)/.exec(text)?.[1] ?? text.trim();
  } catch {
    throw new Unavailable('redis-server is not installed here');
  }
}

/** How Redis keeps its data, and what the page calls that. */
export const DURABILITIES = {
  always: '`appendfsync always`',
  everysec: '`appendonly yes`',
  snapshots: 'the default snapshots',
} as const;
export type Durability = keyof typeof DURABILITIES;

export async function startRedis(folder: string, durability: Durability): Promise<Redis> {
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const settings = {
    ...{ port: String(port), bind: '127.0.0.1', dir: folder, daemonize: 'no' },
    ...(durability === 'snapshots' ? {} : { appendonly: 'yes', appendfsync: durability }),
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  async function start(): Promise<ChildProcess> {
    const log = openSync(join(folder, 'redis.log'), 'a');
    const child = spawn('redis-server', args, { stdio: ['ignore', log, log] });
    closeSync(log);
    const kill = () => void child.kill('SIGKILL');
    process.on('exit', kill);
    child.once('exit', () => process.off('exit', kill));
    await until('Redis on its port', () => answers(port));
    return child;
  }
  async function end(signal: NodeJS.Signals): Promise<void> {
    const ended = once(server, 'exit');
    server.kill(signal);
    await ended;
  }
  let server = await start();
  return {
    port,
    killAndRestart: async () => {
      await end('SIGKILL');
      server = await start();
    },
    stop: () => end('SIGTERM'),
  };
}

/** Resolves with true when Redis responds to PING, which it does after it has loaded its data; else with null. */
function answers(port: number): Promise<true | null> {
  const { promise, resolve } = Promise.withResolvers<true | null>();
  const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
  socket.once('data', (data) => {
    socket.destroy();
    resolve(data.toString().startsWith('+PONG') ? true : null);
  });
  socket.once('error', () => resolve(null));
  return promise;
}
