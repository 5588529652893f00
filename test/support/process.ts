// The real program in a process of its own, as a user runs it.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  /** The first line on stdout for which the test holds; fails when the process ends without one. */
  line(test: (line: string) => boolean): Promise<string>;
  /** The newest lines on stdout. */
  lastLines(count: number): readonly string[];
  finished: Promise<Finished>;
}

/** Only the variables of this machine's environment that are needed to find programs. */
export function run(args: readonly string[], env: Record<string, string> = {}, cwd?: string): Running {
  return follow(process.execPath, [MAIN, ...args], env, cwd);
}

/** The same by npm, as the docs call it. */
export function runByNpm(script: string, env: Record<string, string>): Running {
  return follow('npm', ['run', '--silent', script], env, dirname(dirname(MAIN)));
}

/** Any other program, whose child processes end with it. */
export function runCommand(
  command: string,
  args: readonly string[],
  env: Record<string, string>,
  cwd?: string,
): Running {
  return follow(command, args, env, cwd, true);
}

function follow(
  command: string,
  args: readonly string[],
  env: Record<string, string>,
  cwd?: string,
  detached = false,
): Running {
  const child = spawn(command, args, {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached,
    ...(cwd ? { cwd } : {}),
  });
  const lines: string[] = [];
  let stderr = '';
  let wake = () => {};
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => {
    lines.push(line);
    wake();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const finished = Promise.all([once(child, 'exit'), once(reader, 'close')]).then(([[code]]) => {
    wake();
    return { code: code as number | null, stdout: lines.join('\n'), stderr };
  });
  onTestFinished(async () => {
    if (detached) killGroup(child);
    else child.kill('SIGKILL');
    await finished;
  });
  return {
    child,
    finished,
    lastLines: (count) => lines.slice(-count),
    line: async (test) => {
      for (;;) {
        const found = lines.find(test);
        if (found !== undefined) return found;
        if (child.exitCode !== null) throw new Error(`the process ended without it: ${stderr}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

/** A detached process leads a group of its own, which outlives it if it started others. */
function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // The whole group has ended.
  }
}
