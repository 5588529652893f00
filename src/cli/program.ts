// The command line as one program: its commands, its help, and the exit code of a run.

import { readFileSync } from 'node:fs';
import { styleText } from 'node:util';
import { Command, CommanderError } from '@commander-js/extra-typings';
import { ConfigError } from '../config/config.ts';
import { withCommandName } from '../lib/command-name.ts';
import { DatabaseRefused } from '../store/shared/database-refused.ts';
import { BrokenPipe, type CommandContext, CommandError, type Declare } from './context.ts';
import { helpEnd } from './options.ts';

/** The commands with what they do, by the heading under which the help lists them. */
const SUMMARIES = {
  'Run:': {
    start: 'run the receiver, configured by environment variables and .env',
    demo: 'run the receiver against the CXone simulator and show every fate',
    simulator: 'run the CXone simulator alone, for tests of an app',
    doctor: 'check configuration, database, disk, CXone and the callback path, with advice',
    profile: 'check, show and try an upstream profile',
  },
  'Look and repair:': {
    executions: 'list, show, export, submit, resubmit, poll, cancel, hold and erase executions',
    notifications: 'list and replay notifications to apps',
    endpoints: 'show what waits for endpoints of apps, and probe, pause and resume one',
    audit: 'query, tail, verify and export the audit trail',
    watch: 'show a live overview: alerts, queue, outcomes per minute, notifications',
    stats: 'count the outcomes of executions, per action',
    health: 'show whether callbacks arrive, per action and hour',
    incidents: 'list incidents, the worst first, and acknowledge one',
    advise: 'suggest a grace period and polling window for each action',
    reconcile: 'poll CXone again for executions that ended without a result',
    pause: 'show what is paused, pause sending, or lift a pause that CXone has caused',
    resume: 'resume sending that an administrator has paused',
  },
  'Operate:': {
    keys: 'make new keys and secrets',
    backup: 'copy the database while the receiver runs',
    restore: 'restore a backup',
    move: 'move the database from a SQLite file to PostgreSQL, or back',
    prune: 'show or apply what retention deletes',
    compact: 'shrink the database file while the receiver is stopped',
    completion: 'write a completion script for bash, zsh or fish',
  },
} as const;

type CommandName = { [G in keyof typeof SUMMARIES]: keyof (typeof SUMMARIES)[G] }[keyof typeof SUMMARIES];

/** Each declaration is loaded when its command runs: some need all of the receiver, and `audit query` must not wait for it. */
const DECLARATIONS: { readonly [N in CommandName]: () => Promise<{ readonly [Own in N]: Declare }> } = {
  start: () => import('./start.ts'),
  demo: () => import('./demo.ts'),
  simulator: () => import('./simulator.ts'),
  doctor: () => import('./doctor/command.ts'),
  profile: () => import('./profile/profile.ts'),
  executions: () => import('./executions/executions.ts'),
  notifications: () => import('./notifications.ts'),
  endpoints: () => import('./endpoints.ts'),
  audit: () => import('./audit/audit.ts'),
  watch: () => import('./watch/watch.ts'),
  stats: () => import('./stats.ts'),
  health: () => import('./health.ts'),
  incidents: () => import('./incidents.ts'),
  advise: () => import('./advise.ts'),
  reconcile: () => import('./reconcile.ts'),
  pause: () => import('./pause.ts'),
  resume: () => import('./pause.ts'),
  keys: () => import('./keys.ts'),
  backup: () => import('./database-file.ts'),
  restore: () => import('./database-file.ts'),
  move: () => import('./move.ts'),
  prune: () => import('./prune.ts'),
  compact: () => import('./database-file.ts'),
  completion: async () => ({ completion: (await import('./completion.ts')).declareCompletion(allCommands) }),
};

export const COMMAND_NAMES: readonly string[] = Object.keys(DECLARATIONS);

/** Runs the command line and returns its exit code. @throws what is a defect of this program. */
export async function runCommand(args: readonly string[], context: CommandContext): Promise<number> {
  try {
    const [name] = args[0] === 'help' ? args.slice(1) : args;
    const program = await createProgram(context, (command) => command === name);
    await program.parseAsync(namedByHelp(program, args), { from: 'user' });
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

/** The help of a command that does not exist would not name it: its name alone is refused like any other. */
function namedByHelp(program: Command, args: readonly string[]): string[] {
  const at = args[0] === 'help' ? 0 : 1;
  const parent = at === 0 ? program : program.commands.find((command) => command.name() === args[0]);
  const name = args[at + 1];
  const isHelp = args[at] === 'help' && name !== undefined && !name.startsWith('-');
  const known = parent?.commands.map((command) => command.name()) ?? [];
  // promise: help-names-an-unknown-command
  return isHelp && known.length > 0 && ![...known, 'help'].includes(name) ? args.toSpliced(at, 1) : [...args];
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
  for (const [group, summaries] of Object.entries(SUMMARIES)) {
    for (const [name, summary] of Object.entries(summaries) as [CommandName, string][]) {
      const command = program.command(name).summary(summary).helpGroup(group);
      if (isWanted(name)) await declare(name, command as Command, context);
    }
  }
  return program as Command;
}

async function declare<N extends CommandName>(name: N, ...declared: Parameters<Declare>): Promise<void> {
  const declarations: { readonly [Own in N]: Declare } = await DECLARATIONS[name]();
  declarations[name](...declared);
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
