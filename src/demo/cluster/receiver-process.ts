// A receiver in a process of its own, which can be killed.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** TypeScript in a clone, JavaScript in the package. */
const MAIN = fileURLToPath(new URL(`../../main${extname(import.meta.url)}`, import.meta.url));

const LISTENING = '"msg":"listening"';
/** Lines that are shown when it does not start. */
const SHOWN_LINES = 5;

export interface ReceiverProcess {
  readonly port: number;
  /** Ends it at once, without a chance to finish anything. */
  kill(): Promise<void>;
  /** Lets it finish what it does. */
  stop(): Promise<void>;
}

/** @param folder the working directory, without an .env @throws {Error} with its last lines if it does not start. */
export async function startReceiverProcess(
  env: Readonly<Record<string, string>>,
  folder: string,
): Promise<ReceiverProcess> {
  const child = spawn(process.execPath, [MAIN, 'start'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  const end = async (signal: 'SIGKILL' | 'SIGTERM') => {
    process.off('exit', kill);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  return { port: await portOf(child), kill: () => end('SIGKILL'), stop: () => end('SIGTERM') };
}

async function portOf(child: ChildProcess & { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream }) {
  const lines: string[] = [];
  const port = Promise.withResolvers<number>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      if (line.includes(LISTENING)) port.resolve(Number(new URL((JSON.parse(line) as { url: string }).url).port));
      lines.push(line);
      if (lines.length > SHOWN_LINES) lines.shift();
    });
  }
  child.once('exit', () => port.reject(new Error(`a receiver did not start:\n${lines.join('\n')}`)));
  return port.promise;
}
