// The real program in a process of its own, as people run it.

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
  finished: Promise<Finished>;
}

/** Nothing of this machine's environment but what a program needs to be found. */
export function run(args: readonly string[], env: Record<string, string> = {}, cwd?: string): Running {
  return follow(process.execPath, [MAIN, ...args], env, cwd);
}

/** The same by way of npm, as the README says it. */
export function runByNpm(script: string, env: Record<string, string>): Running {
  return follow('npm', ['run', '--silent', script], env, dirname(dirname(MAIN)));
}

function follow(command: string, args: readonly string[], env: Record<string, string>, cwd?: string): Running {
  const child = spawn(command, args, {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd ? { cwd } : {}),
  });
  const lines: string[] = [];
  let stderr = '';
  let heard = () => {};
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => {
    lines.push(line);
    heard();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const finished = Promise.all([once(child, 'exit'), once(reader, 'close')]).then(([[code]]) => {
    heard();
    return { code: code as number | null, stdout: lines.join('\n'), stderr };
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await finished;
  });
  return {
    child,
    finished,
    line: async (test) => {
      for (;;) {
        const found = lines.find(test);
        if (found !== undefined) return found;
        if (child.exitCode !== null) throw new Error(`the process ended without it: ${stderr}`);
        await new Promise<void>((resolve) => {
          heard = resolve;
        });
      }
    },
  };
}
