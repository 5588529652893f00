// Commands of a run: each has a time limit, and an error that names the command and what it wrote.

import { execFile } from 'node:child_process';

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
/** On a machine that is busy with other work. */
const COMMAND_TIMEOUT_MS = 240_000;
const MAX_REPORTED_LINES = 40;
const MAX_SUMMARY_LINES = 3;

export class CommandError extends Error {
  /** The command, and the end of what it wrote, in one line. */
  readonly summary: string;
  /** The exit code; null for an end by a signal or by the time limit, and for a command that is not installed. */
  readonly code: number | null;

  constructor(command: string, written: string, code: number | null) {
    const lines = written.split('\n').slice(-MAX_REPORTED_LINES);
    super(`${command}: ${lines.join('\n')}`);
    this.summary = `${command}: ${lines.slice(-MAX_SUMMARY_LINES).join(' | ')}`;
    this.code = code;
  }
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly timeoutMs?: number;
}

/** Resolves to what the command wrote to standard output. @throws {CommandError} */
export function run(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { timeoutMs = COMMAND_TIMEOUT_MS, ...others } = options;
  // SIGKILL, because an end must not depend on the command. What it leaves behind goes with the folder of the run.
  const limits = { maxBuffer: MAX_OUTPUT_BYTES, timeout: timeoutMs, killSignal: 'SIGKILL' } as const;
  return new Promise((resolve, reject) => {
    const child = execFile(command, args, { ...others, ...limits }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout.trim());
      const written = stderr.trim() || stdout.trim() || error.message;
      const end = child.killed ? `it did not end within ${timeoutMs / 1000} s` : written;
      reject(new CommandError(`${command} ${subcommandIn(args)}`.trim(), end, codeOf(error)));
    });
    child.stdin?.end();
  });
}

const codeOf = ({ code }: { code?: unknown }): number | null => (typeof code === 'number' ? code : null);

/** The options before it say where images and containers are, which is the same for all. */
const subcommandIn = (args: readonly string[]): string => args.find((arg) => /^[a-z]+$/.test(arg)) ?? '';
