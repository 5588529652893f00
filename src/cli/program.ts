// The command line as one program: its commands, its help, and the exit code of a run.

import { readFileSync } from 'node:fs';
import { styleText } from 'node:util';
import { Command, CommanderError } from '@commander-js/extra-typings';
import { ConfigError } from '../config/config.ts';
import { withCommandName } from '../lib/command-name.ts';
import { DatabaseRefused } from '../store/shared/database-refused.ts';
import { BrokenPipe, type CommandContext, CommandError, type Declare } from './context.ts';
import { helpEnd } from './options.ts';

interface Entry {
  readonly group: string;
  readonly summary: string;
  /** Loads the declaration when the command runs: some need all of the receiver, and `audit query` must not wait for it. */
  readonly load: () => Promise<Declare>;
}

const [RUN, LOOK, OPERATE] = ['Run:', 'Look and repair:', 'Operate:'];

const COMMANDS: Readonly<Record<string, Entry>> = {
  start: {
    group: RUN,
    summary: 'run the receiver, configured by environment variables and .env',
    load: async () => (await import('./start.ts')).start,
  },
  demo: {
    group: RUN,
    summary: 'run the receiver against the CXone simulator and show every fate',
    load: async () => (await import('./demo.ts')).demo,
  },
  simulator: {
    group: RUN,
    summary: 'run the CXone simulator alone, for tests of an app',
    load: async () => (await import('./simulator.ts')).simulator,
  },
  doctor: {
    group: RUN,
    summary: 'check configuration, database, disk, CXone and the callback path, with advice',
    load: async () => (await import('./doctor/command.ts')).doctor,
  },
  profile: {
    group: RUN,
    summary: 'check, show and try an upstream profile',
    load: async () => (await import('./profile/profile.ts')).profile,
  },
  executions: {
    group: LOOK,
    summary: 'list, show, export, submit, resubmit, poll, cancel, hold and erase executions',
    load: async () => (await import('./executions/executions.ts')).executions,
  },
  notifications: {
    group: LOOK,
    summary: 'list and replay notifications to apps',
    load: async () => (await import('./notifications.ts')).notifications,
  },
  endpoints: {
    group: LOOK,
    summary: 'show what waits for endpoints of apps, and probe, pause and resume one',
    load: async () => (await import('./endpoints.ts')).endpoints,
  },
  audit: {
    group: LOOK,
    summary: 'query, tail, verify and export the audit trail',
    load: async () => (await import('./audit/audit.ts')).audit,
  },
  watch: {
    group: LOOK,
    summary: 'show a live overview: alerts, queue, outcomes per minute, notifications',
    load: async () => (await import('./watch/watch.ts')).watch,
  },
  stats: {
    group: LOOK,
    summary: 'count the outcomes of executions, per action',
    load: async () => (await import('./stats.ts')).stats,
  },
  health: {
    group: LOOK,
    summary: 'show whether callbacks arrive, per action and hour',
    load: async () => (await import('./health.ts')).health,
  },
  incidents: {
    group: LOOK,
    summary: 'list incidents, the worst first, and acknowledge one',
    load: async () => (await import('./incidents.ts')).incidents,
  },
  advise: {
    group: LOOK,
    summary: 'suggest a grace period and polling window for each action',
    load: async () => (await import('./advise.ts')).advise,
  },
  reconcile: {
    group: LOOK,
    summary: 'poll CXone again for executions that ended without a result',
    load: async () => (await import('./reconcile.ts')).reconcile,
  },
  pause: {
    group: LOOK,
    summary: 'show what is paused, pause sending, or lift a pause that CXone has caused',
    load: async () => (await import('./pause.ts')).pause,
  },
  resume: {
    group: LOOK,
    summary: 'resume sending that an administrator has paused',
    load: async () => (await import('./pause.ts')).resume,
  },
  keys: {
    group: OPERATE,
    summary: 'make new keys and secrets',
    load: async () => (await import('./keys.ts')).keys,
  },
  backup: {
    group: OPERATE,
    summary: 'copy the database while the receiver runs',
    load: async () => (await import('./backup.ts')).backup,
  },
  restore: {
    group: OPERATE,
    summary: 'restore a backup',
    load: async () => (await import('./restore.ts')).restore,
  },
  move: {
    group: OPERATE,
    summary: 'move the database from a SQLite file to PostgreSQL, or back',
    load: async () => (await import('./move.ts')).move,
  },
  prune: {
    group: OPERATE,
    summary: 'show or apply what retention deletes',
    load: async () => (await import('./prune.ts')).prune,
  },
  compact: {
    group: OPERATE,
    summary: 'shrink the database file while the receiver is stopped',
    load: async () => (await import('./compact.ts')).compact,
  },
  completion: {
    group: OPERATE,
    summary: 'write a completion script for bash, zsh or fish',
    load: async () => {
      const { declareCompletion } = await import('./completion.ts');
      return declareCompletion(allCommands);
    },
  },
};

export const COMMAND_NAMES: readonly string[] = Object.keys(COMMANDS);

/** Runs the command line and returns its exit code. @throws what is a defect of this program. */
export async function runCommand(args: readonly string[], context: CommandContext): Promise<number> {
  try {
    const [name] = args[0] === 'help' ? args.slice(1) : args;
    const program = await createProgram(context, (command) => command === name);
    await program.parseAsync([...args], { from: 'user' });
    return context.exitCode;
  } catch (error) {
    if (error instanceof BrokenPipe) return 0;
    // Commander has written its message already. Help without a request for it (`audit` without a sub-command) is an error.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const isFailure = error instanceof CommandError || error instanceof ConfigError || error instanceof DatabaseRefused;
    if (!isFailure) throw error;
    context.writeError(`${error.message}\n`);
    return error instanceof CommandError ? error.exitCode : 2;
  }
}

function allCommands(context: CommandContext): Promise<Command> {
  return createProgram(context, () => true);
}

async function createProgram(context: CommandContext, isWanted: (name: string) => boolean): Promise<Command> {
  const { terminal, write, writeError } = context;
  const program = new Command('cxone-callback-receiver');
  program
    .description('Makes NICE CXone Data Actions asynchronous, and never loses a result.')
    .version(versionOfPackage(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .configureHelp({
      commandUsage,
      // Lines of a description are joined again, so that they wrap at the width of the terminal.
      commandDescription: (command) => command.description().replaceAll(/(?<!\n)\n(?!\n)/g, ' '),
      styleTitle: (text) => styleText('bold', text, { validateStream: false }),
    })
    .configureOutput({
      writeOut: write,
      writeErr: writeError,
      getOutHasColors: () => terminal.colour,
      getErrHasColors: () => terminal.colour,
      getOutHelpWidth: () => (terminal.out ? terminal.columns : 110),
      getErrHelpWidth: () => (terminal.err ? terminal.columns : 110),
    })
    .showHelpAfterError('Run the same command with --help for its usage.')
    .exitOverride()
    .addHelpText('after', PROGRAM_HELP);
  for (const [name, { group, summary, load }] of Object.entries(COMMANDS)) {
    const command = program.command(name).summary(summary).helpGroup(group);
    if (isWanted(name)) (await load())(command as Command, context);
  }
  return program as Command;
}

const PROGRAM_HELP = helpEnd({
  notes: `Commands that only read use the database and work while the receiver is down. Commands that change an execution or a
notification call the running receiver over HTTP.`,
  exitCodes: '0 done, 1 the result is negative or something was found, 2 the command could not be carried out',
  examples: [
    'npm run -s executions -- list --status TIMEOUT --from 24h',
    'npm run -s executions -- show order-4711',
    'npm run -s audit -- tail --app shop',
  ],
});

/** Returns a command as it is called: by npm in a clone, by its own name where the package is installed. */
function commandUsage(command: { name(): string; usage(): string; parent: unknown }): string {
  const names: string[] = [];
  for (let at = command; at.parent; at = at.parent as typeof command) names.unshift(at.name());
  const [first, ...others] = names;
  const isScript = first !== undefined && first !== 'completion';
  const words = isScript ? ['npm run -s', first, '--', ...others] : ['node src/main.ts', ...names];
  return withCommandName(`${words.join(' ')} ${command.usage()}`);
}

function versionOfPackage(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}
