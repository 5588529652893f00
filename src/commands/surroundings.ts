// What a command line command has around it, and the errors that it ends with.

import { parseArgs } from 'node:util';
import { reasonOf } from '../log.ts';

export interface Surroundings {
  /** The environment completed by .env. @throws {ConfigError} when .env cannot be read. */
  readonly env: () => Readonly<Record<string, string | undefined>>;
  /** The outcome: stdout. */
  readonly write: (text: string) => void;
  /** What is said on the way: stderr. */
  readonly tell: (text: string) => void;
  /** Whether somebody looks on: colours, and progress that moves. */
  readonly terminal: { readonly out: boolean; readonly err: boolean; readonly columns: number };
}

export interface Command {
  readonly help: string;
  /** Returns the exit code. */
  readonly run: (args: readonly string[], surroundings: Surroundings) => Promise<number>;
}

/** The command line is wrong; the message says where. */
export class CommandUsage extends Error {
  override readonly name = 'CommandUsage';
}

type Flags = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>;

/** Flags and at most `most` other words. @throws {CommandUsage} */
export function readFlags<const F extends Flags>(args: readonly string[], options: F, most: number) {
  const read = () => parseArgs({ args: [...args], options, strict: true, allowPositionals: true });
  let found: ReturnType<typeof read>;
  try {
    found = read();
  } catch (error) {
    throw new CommandUsage(error instanceof Error ? error.message : reasonOf(error));
  }
  if (found.positionals.length > most) throw new CommandUsage(`"${found.positionals[most]}" is one word too many`);
  return found;
}
