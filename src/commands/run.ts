// Runs one of the operators' commands: its help, its errors in one line, its exit code.

import { ConfigError } from '../config/config.ts';
import { DatabaseRefused } from '../store/sqlite/open.ts';
import { audit } from './audit.ts';
import { backup } from './backup.ts';
import { doctor } from './doctor.ts';
import { restore } from './restore.ts';
import { type Command, CommandUsage, type Surroundings } from './surroundings.ts';

const COMMANDS = { audit, backup, restore, doctor } as const satisfies Record<string, Command>;

export type CommandName = keyof typeof COMMANDS;

/** Not done because of what was asked for, or of what it was asked of: nothing was found out and nothing was changed. */
const NOT_DONE = 2;

/** Returns the exit code. */
export async function runCommand(
  name: CommandName,
  args: readonly string[],
  surroundings: Surroundings,
): Promise<number> {
  const command = COMMANDS[name];
  if (args.includes('--help') || args[0] === 'help') {
    surroundings.write(command.help);
    return 0;
  }
  try {
    return await command.run(args, surroundings);
  } catch (error) {
    if (error instanceof CommandUsage) {
      surroundings.tell(`${error.message}\n\n${command.help}`);
      return NOT_DONE;
    }
    if (error instanceof ConfigError || error instanceof DatabaseRefused) {
      surroundings.tell(`${error.message}\n`);
      return NOT_DONE;
    }
    throw error;
  }
}
