// What a command may use of its process, and the errors that end a command.

import type { Command } from '@commander-js/extra-typings';
import type { World } from '../lib/world.ts';

export interface CommandContext {
  /** Returns the environment completed by .env. @throws {ConfigError} if .env cannot be read. */
  readonly env: () => Variables;
  /** Returns a warning for each variable that looks like a setting of this program and is not read. */
  readonly variableWarnings: () => readonly string[];
  /** Writes results to stdout. */
  readonly write: (text: string) => void;
  /** Writes results to stdout and resolves when there is room for more. @throws {BrokenPipe} */
  readonly writeStream: (text: string) => Promise<void>;
  /** Writes messages to stderr. */
  readonly writeError: (text: string) => void;
  /** Reads stdin to its end. */
  readonly input: () => Promise<string>;
  /** Returns a signal that Ctrl-C and SIGTERM abort. From the first call on, only a second Ctrl-C ends the process. */
  readonly interrupted: () => AbortSignal;
  readonly world: World;
  readonly terminal: Terminal;
  /** Set to 1 by a command that ran but whose result is negative. */
  exitCode: 0 | 1;
}

export type Variables = Readonly<Record<string, string | undefined>>;

export interface Terminal {
  /** Whether stdout is a terminal: tables are cut to its width. */
  readonly out: boolean;
  /** Whether stderr is a terminal: progress is shown on one line. */
  readonly err: boolean;
  readonly colour: boolean;
  readonly columns: number;
}

/** Adds the options, sub-commands and action of a command to its declaration. */
export type Declare = (command: Command, context: CommandContext) => unknown;

/**
 * A command failed; the message says what to do. Exit code 1: the result is negative, or what was named does not exist.
 * Exit code 2: the command line is wrong, or the command could not be carried out.
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
