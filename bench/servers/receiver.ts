// The receiver as users start it: the command of `npm start` with its environment, its log at info in a file, nothing switched off.

import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { APP } from '../prepared.ts';
import { type Place, type Process, startProcess } from '../process.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The options of Node and the program, as in `exec node --option src/main.ts start`. */
export function startCommand(): { readonly nodeOptions: readonly string[]; readonly file: string } {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const [, options = '', file] = /^exec node ((?:--\S+ )*)(\S+) start$/.exec(scripts.start) ?? [];
  if (file === undefined) throw new Error(`the bench does not understand the script start: ${scripts.start}`);
  return { nodeOptions: options.split(' ').filter(Boolean), file: join(ROOT, file) };
}

export const SECRET = 'the-bench-signs-callbacks-with-this';
export const APP_KEY = 'the-key-of-the-bench';
export const APP_HEADERS = { authorization: `Bearer ${APP_KEY}` };
const OPERATOR_KEY = 'the-operator-key-of-the-bench-0123456789';
export const OPERATOR_HEADERS = { authorization: `Bearer ${OPERATOR_KEY}` };

const POLL_MS = 20;

export interface ReceiverOptions {
  readonly databasePath: string;
  /** The folder of its log, and its working directory, so that no .env is read. */
  readonly scratch: string;
  readonly name: string;
  readonly place: Place;
  /** Base URL of CXone. */
  readonly upstream: string;
  /** Additional variables. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Receiver extends Process {
  readonly port: number;
  /** Number of commits, and of the mutations in them. */
  commits(): Promise<Commits>;
}

export interface Commits {
  readonly commits: number;
  readonly mutations: number;
}

export async function startReceiver({ name, scratch, place, ...options }: ReceiverOptions): Promise<Receiver> {
  const logFile = join(scratch, `${name}.log`);
  const env = { ...environment(options), ...options.env };
  const child = startProcess({ ...startCommand(), args: ['start'], env, place, logFile, cwd: scratch });
  const { url } = await listening(child, logFile);
  return {
    ...child,
    port: Number(new URL(url).port),
    commits: async () => {
      const metrics = await fetch(`${url}/metrics`, { headers: OPERATOR_HEADERS });
      return commitsIn(await metrics.text());
    },
  };
}

function environment({ databasePath, upstream }: Pick<ReceiverOptions, 'databasePath' | 'upstream'>) {
  return {
    CXONE_BASE_URL: upstream,
    CXONE_CLIENT_ID: 'simulator',
    CXONE_CLIENT_SECRET: 'simulator-secret',
    PUBLIC_URL: 'http://127.0.0.1:9',
    PORT: '0',
    CALLBACK_SECRET: SECRET,
    APP_KEYS: `${APP}:${APP_KEY}`,
    OPERATOR_KEYS: `operator:${OPERATOR_KEY}`,
    DATABASE_PATH: databasePath,
  };
}

async function listening(child: Process, logFile: string): Promise<{ url: string }> {
  for (;;) {
    const over = await Promise.race([child.ended, sleep(POLL_MS)]);
    if (over !== undefined) throw over;
    const lines = (await readFile(logFile, 'utf8')).split('\n').slice(0, -1);
    const line = lines.find((text) => text.includes('"msg":"listening"'));
    if (line !== undefined) return JSON.parse(line);
  }
}

function commitsIn(metrics: string): Commits {
  const read = (name: string) => {
    const value = new RegExp(`^cxone_receiver_commit_batch_size_${name} (\\d+)$`, 'm').exec(metrics)?.[1];
    if (value === undefined) throw new Error(`/metrics has no commit_batch_size_${name}`);
    return Number(value);
  };
  return { commits: read('count'), mutations: read('sum') };
}
