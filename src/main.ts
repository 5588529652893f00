#!/usr/bin/env node

// The command line: one word says what to run.

import { type Config, readConfig } from './config/config.ts';
import { withEnvFile } from './config/env-file.ts';
import { secretsIn } from './config/secrets.ts';
import { withCommandName } from './lib/command-name.ts';
import { type Log, reasonOf } from './lib/log.ts';
import { systemWorld } from './lib/world.ts';
import type { Receiver } from './receiver.ts';

const HELP = withCommandName(`Usage: node src/main.ts COMMAND …

  start          run the receiver; configured by environment variables and .env (see .env.example)
  demo           run the receiver against the embedded CXone simulator and show every fate (--serve keeps it up)
  simulator      run the CXone simulator alone, for an app's own tests
  doctor         check configuration, database, disk, CXone and the way back from it, and say what to do
  profile        check, show: how CXone is spoken to; try: against a recording of a tenant

  executions     list, show, export; submit, poll, cancel
  notifications  list, replay: what apps were told
  audit          query, tail, verify, head, export: what happened, and whether it is what was written
  stats          what became of today's executions, per action
  health         whether callbacks come, per action and hour
  advise         which grace period and polling window fit each action
  reconcile      ask CXone again about what ended without a result

  keys           new keys and secrets, printed once
  backup         copy the database while the receiver runs
  restore        put a backup in the place of a database that is gone
  prune          what retention takes away
  compact        give the free space in the database back to the disk, while the receiver is stopped

Each tells more with --help. Those of operators read the database, also while the receiver is down; what changes something
asks the running receiver, over HTTP.

Exit code: 0 done, 1 something was found or the answer is no, 2 it could not be done.

  npm run -s executions -- list --status TIMEOUT --from 24h
  npm run -s executions -- show order-4711
  npm run -s audit -- tail --app shop
`);

async function main([command, ...args]: readonly string[]): Promise<void> {
  switch (command) {
    case 'start':
      return start();
    case 'demo': {
      const { runDemo } = await import('./demo/command.ts');
      process.exitCode = await runDemo(args);
      return;
    }
    case 'simulator': {
      const { runSimulator } = await import('./simulator/command.ts');
      return runSimulator(args, { write: (text) => process.stdout.write(withCommandName(text)) });
    }
    case 'help':
    case '--help':
    case '-h':
      process.stdout.write(HELP);
      return;
    default:
      return operate(command, args);
  }
}

/** The commands of operators, loaded only when one is wanted. */
async function operate(command: string | undefined, args: readonly string[]): Promise<void> {
  const { COMMAND_NAMES, runCommand } = await import('./cli/run.ts');
  if (command === undefined) throw new UsageError('Say what to run.');
  if (!COMMAND_NAMES.includes(command)) {
    const { orNearest } = await import('./cli/did-you-mean.ts');
    const known = [...COMMAND_NAMES, 'start', 'demo', 'simulator'];
    throw new UsageError(`There is no command "${command}"${orNearest(command, known)}.`);
  }
  const { contextOfProcess } = await import('./cli/process-context.ts');
  const context = contextOfProcess(() => withEnvFile(process.env), process.env);
  process.exitCode = await runCommand(command, args, context);
}

class UsageError extends Error {}

async function start(): Promise<void> {
  // Loaded here, so that whoever only looks does not wait for all of it.
  const [{ createJsonLog }, { inheritedSockets }, { startReceiver }] = await Promise.all([
    import('./observability/pino-log.ts'),
    import('./http/server/socket-activation.ts'),
    import('./receiver.ts'),
  ]);
  const config = readConfig(withEnvFile(process.env));
  const log = createJsonLog(config.logLevel, secretsIn(config));
  const fatal = (error: unknown) => {
    log.error({ reason: reasonOf(error) }, 'the disk failed: ending without acknowledging what was not committed');
    process.exit(1);
  };
  const sockets = inheritedSockets(process.env, process.pid);
  const service = await startReceiver({ config, world: systemWorld, log, fatal, sockets });
  log.info(startFacts(service, config), 'listening');
  stopOnSignal(service, log);
  // Without TLS there is nothing to reload, and the end of a terminal is the end of what ran in it.
  if (config.tls !== null) process.on('SIGHUP', () => void service.reload());
}

function startFacts({ url, webhookUrl }: Receiver, config: Config): Record<string, unknown> {
  const { cxone, publicUrl, databasePath } = config;
  return {
    url,
    webhookUrl,
    publicUrl,
    upstream: cxone.baseUrl ?? 'as CXone tells',
    database: databasePath,
    node: process.version,
  };
}

/** SIGTERM and SIGINT drain and end with 0; a second one ends at once. */
function stopOnSignal(service: Receiver, log: Log): void {
  let stopping = false;
  const stop = async (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, 'draining');
    try {
      await service.stop();
      log.info({}, 'stopped');
      process.exit(0);
    } catch (error) {
      log.error({ reason: reasonOf(error) }, 'could not stop cleanly');
      process.exit(1);
    }
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  // What keeps it from starting is told in its own words; the stack is of use only for faults of ours.
  const { name = '', message = String(error), stack = '' } = error instanceof Error ? error : {};
  const ours = ['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError'].includes(name);
  process.stderr.write(`${ours ? stack : message}\n`);
  if (error instanceof UsageError) process.stderr.write(`\n${HELP}`);
  process.exit(error instanceof UsageError ? 2 : 1);
}
