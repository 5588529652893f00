// The processes of the bench: pinned to a processor where possible, and ended with the bench, however it ends.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

/** Preloaded into each process: reports on the process and ends it when the bench is gone. */
const COMPANION = fileURLToPath(new URL('companion.ts', import.meta.url));

const STOP_MS = 20_000;

/** 'server' and 'load' have a processor each; null: the system chooses. */
export type Place = 'server' | 'load' | null;

export interface ProcessOptions {
  /** A .ts file, run by this Node. */
  readonly file: string;
  /** Options of Node. */
  readonly nodeOptions?: readonly string[];
  readonly args?: readonly string[];
  /** Only PATH is passed on from the environment of the bench. */
  readonly env?: Readonly<Record<string, string>>;
  readonly place: Place;
  /** Path of the log, which is overwritten; the error of an early exit quotes its last lines. */
  readonly logFile: string;
  readonly cwd?: string;
}

export interface Process {
  readonly pid: number;
  /** Resolves when the process has ended, with an error that states how, and its last output. */
  readonly ended: Promise<Error>;
  /** The next matching message. @throws that error when the process ends first. */
  message<T extends object>(fits: (message: object) => message is T): Promise<T>;
  send(message: object): void;
  /** Processor time spent so far, in microseconds, user and system together. */
  cpuMicroseconds(): Promise<number>;
  /** Sends a signal, for example SIGSTOP or SIGCONT. */
  signal(name: NodeJS.Signals): void;
  /** Sends SIGTERM, and SIGKILL if that does not help. */
  stop(): Promise<void>;
  /** Sends SIGKILL, as a power cut would. */
  kill(): Promise<void>;
}

const running = new Set<ChildProcess>();
// SIGTERM, because some processes must stop a database server; SIGCONT first, because a stopped process does not receive it.
process.on('exit', () => {
  for (const child of running) {
    child.kill('SIGTERM');
    child.kill('SIGCONT');
  }
});

export function startProcess({
  file,
  nodeOptions = [],
  args = [],
  env = {},
  place,
  logFile,
  cwd = process.cwd(),
}: ProcessOptions): Process {
  const output = openSync(logFile, 'w');
  const command = [process.execPath, ...nodeOptions, '--import', COMPANION, file, ...args];
  const [program = '', ...rest] = [...pinning(place), ...command];
  const child = spawn(program, rest, {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', output, output, 'ipc'],
    serialization: 'advanced',
  });
  closeSync(output);
  running.add(child);
  child.setMaxListeners(0);
  let over = false;
  const ended = once(child, 'close').then(
    ([code, signal]) => new Error(`${file} ended with ${signal ?? code}\n${lastWords(logFile)}`),
    (error: Error) => error,
  );
  void ended.then(() => {
    over = true;
    running.delete(child);
  });

  function message<T extends object>(fits: (message: object) => message is T): Promise<T> {
    const found = Promise.withResolvers<T>();
    const hear = (said: object) => {
      if (fits(said)) found.resolve(said);
    };
    child.on('message', hear);
    void ended.then(found.reject);
    return found.promise.finally(() => child.off('message', hear));
  }

  function send(said: object): void {
    // The error is reported when the process ends.
    if (child.connected) child.send(said, () => {});
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (over) return;
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(late);
  }

  return {
    pid: child.pid ?? 0,
    ended,
    message,
    send,
    cpuMicroseconds: async () => {
      const answer = message(isUsage);
      send({ companion: 'usage' });
      return (await answer).cpuMicroseconds;
    },
    signal: (name) => void child.kill(name),
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}

export interface Usage {
  readonly cpuMicroseconds: number;
}

function isUsage(message: object): message is Usage {
  return 'cpuMicroseconds' in message;
}

let taskset: boolean | null = null;

/** Whether processes can be pinned to a processor each; if not, the results vary more. */
export function canPin(): boolean {
  taskset ??= availableParallelism() > 1 && works('taskset', ['-c', '0,1', 'true']);
  return taskset;
}

function pinning(place: Place): string[] {
  if (place === null || !canPin()) return [];
  return ['taskset', '-c', place === 'server' ? '0' : '1'];
}

function works(program: string, args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function lastWords(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-20).join('\n');
}
