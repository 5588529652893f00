// Runs the commands of a page as a shell does, with the environment of a fresh machine: git, Node and its npm.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program that hangs must not hold the check for ever. */
const MAX_COMMAND_MS = 900_000;
const MAX_STOP_MS = 300_000;
const MAX_START_MS = 300_000;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The folder in which a next command of the same block runs. */
  readonly folder: string;
}

export interface Lasting {
  /** Resolves with the output so far when it has the text. @throws {Error} when the process ends before, or does not print it. */
  until(text: string): Promise<string>;
  /** Sends SIGINT to all its processes, as Ctrl-C does; resolves to the exit code, or null for an end by that signal. */
  stop(): Promise<number | null>;
}

export interface Shell {
  run(command: string, folder: string): Promise<Ended>;
  start(command: string, folder: string): Lasting;
  /** Ends what still runs. */
  close(): Promise<void>;
}

/** What npm needs to reach its registry on this machine; nothing else of the environment reaches the commands. */
const KEPT = [
  'LANG',
  'NODE_EXTRA_CA_CERTS',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
];

/** The registry and the cache that npm has on this machine, as variables for a npm with another home. */
export function npmVariables(): Record<string, string> {
  const settings = execFileSync('npm', ['config', 'list', '--json'], { encoding: 'utf8' });
  const { registry, cache } = JSON.parse(settings) as Record<string, string>;
  return { npm_config_registry: registry ?? '', npm_config_cache: cache ?? '', npm_config_update_notifier: 'false' };
}

/**
 * @param scratch gets the programs of the fresh machine and its home.
 * @param variables are the environment of the commands besides PATH and HOME.
 */
export function createShell(scratch: string, variables: Readonly<Record<string, string>>): Shell {
  const bin = join(scratch, 'bin');
  const home = join(scratch, 'home');
  for (const folder of [bin, home]) mkdirSync(folder);
  // The Node that runs this check, before the one of the machine, which may be older than the pages require.
  symlinkSync(process.execPath, join(bin, 'node'));
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
  const kept = KEPT.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  const env = { ...Object.fromEntries(kept), ...variables, PATH: [bin, ...path].join(delimiter), HOME: home };
  const children = new Set<ChildProcess>();

  function launch(command: string, folder: string): ChildProcess {
    const child = spawn('sh', ['-c', command], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  }

  return {
    run: async (command, folder) => {
      const place = join(scratch, 'folder');
      // The page may change the folder for its next command.
      const child = launch(`${command}\ncode=$?\npwd >${place}\nexit $code`, folder);
      const output = collect(child);
      const timer = setTimeout(() => killGroup(child, 'SIGKILL'), MAX_COMMAND_MS);
      const [code] = await once(child, 'close');
      clearTimeout(timer);
      return { ...output, code, folder: code === null ? folder : readFileSync(place, 'utf8').trim() };
    },
    start: (command, folder) => {
      const child = launch(`exec ${command}`, folder);
      const output = collect(child);
      const ended = once(child, 'close').then(([code]) => code as number | null);
      return {
        until: async (text) => {
          const timer = setTimeout(() => killGroup(child, 'SIGKILL'), MAX_START_MS);
          for (;;) {
            if (output.stdout.includes(text)) {
              clearTimeout(timer);
              return output.stdout;
            }
            if (child.exitCode !== null || child.signalCode !== null)
              throw new Error(
                `it ended with exit code ${child.exitCode} before it printed ${text}:\n${output.stdout}${output.stderr}`,
              );
            await Promise.race([once(child.stdout ?? child, 'data'), ended]);
          }
        },
        stop: async () => {
          let isLate = false;
          const timer = setTimeout(() => {
            isLate = true;
            killGroup(child, 'SIGKILL');
          }, MAX_STOP_MS);
          killGroup(child, 'SIGINT');
          const code = await ended;
          clearTimeout(timer);
          if (isLate) throw new Error(`${command} does not end after Ctrl-C`);
          return code;
        },
      };
    },
    close: async () => {
      const ended = [...children].map((child) => once(child, 'exit'));
      for (const child of children) killGroup(child, 'SIGKILL');
      await Promise.all(ended);
    },
  };
}

function collect(child: ChildProcess): { stdout: string; stderr: string } {
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  return output;
}

function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // The whole group has ended.
  }
}
