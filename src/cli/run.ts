// Runs one of the operators' commands: its help, its errors in one line, its exit code.

import { ConfigError } from '../config/config.ts';
import { withCommandName } from '../lib/command-name.ts';
import { DatabaseRefused } from '../store/sqlite/file/open.ts';
import { type Action, BrokenPipe, type Command, type CommandContext, CommandError, CommandUsage } from './context.ts';
import { orNearest } from './did-you-mean.ts';

/** Each is loaded when it is wanted: some know all of the service, and who only looks need not wait for that. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  advise: async () => (await import('./advise.ts')).advise,
  audit: async () => (await import('./audit/audit.ts')).audit,
  backup: async () => (await import('./backup.ts')).backup,
  compact: async () => (await import('./compact.ts')).compact,
  doctor: async () => (await import('./doctor/command.ts')).doctor,
  executions: async () => (await import('./executions/executions.ts')).executions,
  health: async () => (await import('./health.ts')).health,
  keys: async () => (await import('./keys/keys.ts')).keys,
  notifications: async () => (await import('./notifications/notifications.ts')).notifications,
  profile: async () => (await import('./profile/profile.ts')).profile,
  prune: async () => (await import('./prune.ts')).prune,
  reconcile: async () => (await import('./reconcile.ts')).reconcile,
  restore: async () => (await import('./restore.ts')).restore,
  stats: async () => (await import('./stats.ts')).stats,
};

export const COMMAND_NAMES: readonly string[] = Object.keys(COMMANDS);

/** Not done because of what was asked for, or of what it was asked of: nothing was found out and nothing was changed. */
const NOT_DONE = 2;

/** Returns the exit code. */
export async function runCommand(name: string, args: readonly string[], context: CommandContext): Promise<number> {
  const command = await COMMANDS[name]?.();
  if (command === undefined) throw new TypeError(`"${name}" is no command`);
  const words = args[0] === 'help' ? args.slice(1) : args;
  const action = 'run' in command ? command : actionOf(command.commands, words[0]);
  const { help } = action ?? command;
  if (args.includes('--help') || args.includes('-h') || args[0] === 'help') {
    context.write(withCommandName(help));
    return 0;
  }
  try {
    if (action === undefined) throw new CommandUsage(whatThereIs(name, command, words[0]));
    return await action.run('run' in command ? args : args.slice(1), context);
  } catch (error) {
    return codeOf(error, help, context);
  }
}

function actionOf(commands: Readonly<Record<string, Action>>, word = ''): Action | undefined {
  return Object.hasOwn(commands, word) ? commands[word] : undefined;
}

function whatThereIs(name: string, command: Command, word: string | undefined): string {
  const known = 'run' in command ? [] : Object.keys(command.commands);
  if (word !== undefined) return `There is no "${name} ${word}"${orNearest(word, known)}.`;
  return `Say ${known.slice(0, -1).join(', ')}${known.length > 1 ? ' or ' : ''}${known.at(-1)}.`;
}

/** @throws what is a fault of ours. */
function codeOf(error: unknown, help: string, { writeError }: CommandContext): number {
  if (error instanceof BrokenPipe) return 0;
  if (error instanceof CommandUsage) {
    writeError(`${error.message}\n\n${withCommandName(help)}`);
    return NOT_DONE;
  }
  if (error instanceof ConfigError || error instanceof DatabaseRefused || error instanceof CommandError) {
    writeError(`${error.message}\n`);
    return error instanceof CommandError ? error.exitCode : NOT_DONE;
  }
  throw error;
}
