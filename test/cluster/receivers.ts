// Receivers that are processes of their own, behind nginx with the example of deploy/.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../src/lib/free-port.ts';
import { NGINX } from '../deploy/proxies.ts';
import { certificateFor } from '../support/certificate.ts';
import { type Running, run, runCommand } from '../support/process.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { becomes, happens } from './budget.ts';

export interface Receiver {
  /** Ends it at once, as a crash of its machine does. */
  kill(): Promise<void>;
  /** Ends it with SIGTERM. Resolves when it has ended. */
  end(): Promise<void>;
  /** Starts it again. Resolves when it is ready. */
  start(): Promise<void>;
  /** Stops its process, which keeps its connections, until `resume`. */
  pause(): void;
  resume(): void;
  readonly port: number;
  /** The id of its process; undefined before the first start. */
  pid(): number | undefined;
}

/** The reason of a receiver that ends at its start, because the database does not respond then. */
const NO_DATABASE = /no host of DATABASE_URL accepts writes/;

/** What a receiver logged last is part of the message when it does not become ready. */
const LOG_LINES = 5;

export function createReceiver(port: number, env: Record<string, string>, key: string): Receiver {
  let running: Running | null = null;
  async function signal(name: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    running?.child.kill(name);
    await happens(`the end of the receiver on port ${port}`, Promise.resolve(running?.finished));
  }
  return {
    port,
    pid: () => running?.child.pid,
    kill: () => signal('SIGKILL'),
    end: () => signal('SIGTERM'),
    start: async () => {
      let refusal = '';
      let refusals = 0;
      const begin = () => {
        const started = run(['start'], { ...env, PORT: String(port) }, '/');
        running = started;
        void started.finished.then(({ code, stderr }) => {
          if (code === 1) refusal = stderr;
        });
      };
      begin();
      await becomes(
        `the receiver on port ${port} is ready`,
        async () => {
          if (refusal !== '' && !NO_DATABASE.test(refusal)) throw new Error(`a receiver does not start: ${refusal}`);
          // As systemd does.
          if (refusal !== '') {
            refusals += 1;
            begin();
          }
          refusal = '';
          return { ready: await get(port, '/readyz', key), refusals, log: running?.lastLines(LOG_LINES) };
        },
        ({ ready }) => isOk(ready),
      );
    },
    pause: () => void running?.child.kill('SIGSTOP'),
    resume: () => void running?.child.kill('SIGCONT'),
  };
}

/** Resolves when exactly one of the receivers leads. */
export async function leaderOf(receivers: readonly Receiver[], key: string): Promise<Receiver> {
  async function leaders(): Promise<number[]> {
    const shown = await Promise.all(receivers.map(({ port }) => get(port, '/metrics', key)));
    return receivers.flatMap(({ port }, i) => (shown[i]?.text.includes('cxone_receiver_active 1') ? [port] : []));
  }
  const [leading] = await becomes('one receiver leads', leaders, (ports) => ports.length === 1);
  return receivers.find(({ port }) => port === leading) as Receiver;
}

/** nginx with the example of deploy/, changed in its addresses, and without TLS. Returns its URL. */
export async function startNginx(ports: readonly number[]): Promise<string> {
  const port = await freePort();
  const folder = temporaryFolder();
  mkdirSync(folder, { recursive: true });
  const { cert, key } = await certificateFor(['receiver.example.com']);
  writeFileSync(join(folder, 'tls.crt'), cert);
  writeFileSync(join(folder, 'tls.key'), key);
  let example = readFileSync(new URL('../../deploy/nginx/several-receivers.conf', import.meta.url), 'utf8');
  const change = (from: string, to: string) => {
    if (!example.includes(from)) throw new Error(`the example has no ${from}`);
    example = example.replaceAll(from, to);
  };
  NGINX.configure(change, { port, folder });
  change(`listen 127.0.0.1:${port} ssl;`, `listen 127.0.0.1:${port};`);
  for (const [i, upstream] of ports.entries()) change(`10.0.0.1${i + 1}:8080`, `127.0.0.1:${upstream}`);
  const file = join(folder, 'config');
  writeFileSync(file, NGINX.wrap(example, folder));
  const { finished } = runCommand(...NGINX.command(file), {});
  const ended = finished.then(({ code, stderr }) => {
    throw new Error(`nginx ended with ${code}: ${stderr.slice(-500)}`);
  });
  ended.catch(() => {});
  await Promise.race([
    becomes(
      'nginx answers',
      () => get(port, '/', ''),
      (answer) => answer !== null,
    ),
    ended,
  ]);
  return `http://127.0.0.1:${port}`;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

const isOk = (answer: Answer | null): boolean => answer?.status === 200;

/** Null without a response. */
async function get(port: number, path: string, key: string): Promise<Answer | null> {
  try {
    const init = { headers: { authorization: `Bearer ${key}` }, signal: AbortSignal.timeout(5_000) };
    const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
    return { status: response.status, text: await response.text() };
  } catch {
    return null;
  }
}
