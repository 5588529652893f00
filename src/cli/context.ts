// What a command line command has around it, and the errors that it ends with.

import { parseArgs } from 'node:util';
import { reasonOf } from '../lib/log.ts';
import type { World } from '../lib/world.ts';
import { orNearest } from './did-you-mean.ts';

export interface CommandContext {
  /** The environment completed by .env. @throws {ConfigError} when .env cannot be read. */
  readonly env: () => Variables;
  /** The outcome: stdout. */
  readonly write: (text: string) => void;
  /** As `write`, for much of it: resolves once there is room for more. @throws {BrokenPipe} when nobody reads on. */
  readonly writeStream: (text: string) => Promise<void>;
  /** What is said on the way: stderr. */
  readonly writeError: (text: string) => void;
  /** All of stdin. */
  readonly input: () => Promise<string>;
  /** From the first call on, Ctrl-C and SIGTERM abort this instead of ending the process; a second one ends it. */
  readonly interrupted: () => AbortSignal;
  readonly world: World;
  /** Whether somebody looks on: tables that fit, and progress that moves. Colours, unless NO_COLOR forbids them. */
  readonly terminal: Terminal;
}

export type Variables = Readonly<Record<string, string | undefined>>;

export interface Terminal {
  readonly out: boolean;
  readonly err: boolean;
  readonly colour: boolean;
  readonly columns: number;
}

/** A command that does something, or the name of several. */
export type Command = Action | Group;

export interface Action {
  readonly help: string;
  /** Returns the exit code. */
  readonly run: (args: readonly string[], context: CommandContext) => Promise<number>;
}

export interface Group {
  readonly help: string;
  readonly commands: Readonly<Record<string, Action>>;
}

/** The command line is wrong; the message says where. */
export class CommandUsage extends Error {
  override readonly name = 'CommandUsage';
}

/**
 * A command failed; the message says what to do. Exit code 1: something was found, or what was asked for does not exist.
 * Exit code 2: the command could not be carried out.
 */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2 = 2) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The reader of stdout has closed it, as `head` does. */
export class BrokenPipe extends Error {
  override readonly name = 'BrokenPipe';
}

export type Flags = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>;

/** Flags and at most `most` other words. @throws {CommandUsage} */
export function readFlags<const F extends Flags>(args: readonly string[], options: F, most: number) {
  const read = () => parseArgs({ args: [...args], options, strict: true, allowPositionals: true });
  let found: ReturnType<typeof read>;
  try {
    found = read();
  } catch (error) {
    throw new CommandUsage(unknownFlag(error, Object.keys(options)) ?? wordsOf(error));
  }
  if (found.positionals.length > most) throw new CommandUsage(`"${found.positionals[most]}" is one word too many`);
  return found;
}

function unknownFlag(error: unknown, flags: readonly string[]): string | null {
  const { code } = error as { code?: string };
  if (code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return null;
  const flag = /'(-[^']*)'/.exec(wordsOf(error))?.[1] ?? '';
  const known = flags.map((name) => `--${name}`);
  return `There is no ${flag}${orNearest(flag, known)}`;
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : reasonOf(error);
}
