// Runs the commands of a page as a shell does, with the environment of a fresh machine: git, Node and its npm.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program that hangs must not hold the check for ever. On a busy machine a command takes minutes. */
const LIMITS = { commandMs: 600_000, startMs: 300_000, stopMs: 300_000 };
const MAX_CONFIG_MS = 60_000;

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

/** How npm reaches its registry. The user's file is named because the home is another one. */
const REGISTRY_SETTINGS = [
  'registry',
  'cache',
  'cafile',
  'strict-ssl',
  'proxy',
  'https-proxy',
  'noproxy',
  'userconfig',
];

/** The settings that npm has on this machine for its registry, from files or the environment, as variables for a npm with another home. */
export function npmVariables(): Record<string, string> {
  const text = execFileSync('npm', ['config', 'list', '--json'], { encoding: 'utf8', timeout: MAX_CONFIG_MS });
  const settings = new Map(Object.entries(JSON.parse(text) as Record<string, unknown>));
  const variables: Record<string, string> = { npm_config_update_notifier: 'false' };
  for (const name of REGISTRY_SETTINGS) {
    const value = [settings.get(name) ?? []].flat().join();
    if (value !== '') variables[`npm_config_${name.replaceAll('-', '_')}`] = value;
  }
  return variables;
}

/**
 * Commands that do not end, or do not start, within the limits are killed, and the promise is rejected.
 * @param scratch gets the programs of the fresh machine and its home.
 * @param variables are the environment of the commands besides PATH and HOME.
 */
export function createShell(scratch: string, variables: Readonly<Record<string, string>>, limits = LIMITS): Shell {
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
      const limit = killAfter(child, limits.commandMs);
      const [code] = await once(child, 'close');
      if (limit.isOver()) throw failure(`it did not end within ${seconds(limits.commandMs)}`, output);
      return { ...output, code, folder: code === null ? folder : readFileSync(place, 'utf8').trim() };
    },
    start: (command, folder) => {
      const child = launch(`exec ${command}`, folder);
      const output = collect(child);
      const ended = once(child, 'close').then(([code]) => code as number | null);
      return {
        until: async (text) => {
          const limit = killAfter(child, limits.startMs);
          while (!output.stdout.includes(text)) {
            if (limit.isOver()) throw failure(`it did not print ${text} within ${seconds(limits.startMs)}`, output);
            if (child.exitCode !== null || child.signalCode !== null)
              throw failure(`it ended with exit code ${child.exitCode} before it printed ${text}`, output);
            await Promise.race([once(child.stdout ?? child, 'data'), ended]);
          }
          limit.end();
          return output.stdout;
        },
        stop: async () => {
          const limit = killAfter(child, limits.stopMs);
          killGroup(child, 'SIGINT');
          const code = await ended;
          if (limit.isOver()) throw new Error(`${command} did not end within ${seconds(limits.stopMs)} after Ctrl-C`);
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

const seconds = (ms: number): string => `${ms / 1000} s`;

interface Output {
  stdout: string;
  stderr: string;
}

const failure = (what: string, { stdout, stderr }: Output) => new Error(`${what}:\n${stdout}${stderr}`.trimEnd());

/** Kills a process, and what it has started, unless its end or `end` comes first. */
function killAfter(child: ChildProcess, ms: number): { isOver(): boolean; end(): void } {
  let isOver = false;
  const timer = setTimeout(() => {
    isOver = true;
    killGroup(child, 'SIGKILL');
    // What has left the group may hold them open.
    for (const pipe of [child.stdout, child.stderr]) pipe?.destroy();
  }, ms);
  const end = () => clearTimeout(timer);
  child.once('close', end);
  return { isOver: () => isOver, end };
}

function collect(child: ChildProcess): Output {
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
