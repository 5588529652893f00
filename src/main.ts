// The command line: one word says what to run.

import { pino } from 'pino';
import type { Surroundings } from './commands/surroundings.ts';
import { type Config, readConfig } from './config/config.ts';
import { withEnvFile } from './config/env-file.ts';
import { type Log, reasonOf } from './log.ts';
import { type Service, startService } from './service.ts';
import { systemWorld } from './world.ts';

const HELP = `Usage: node src/main.ts COMMAND

  start       run the receiver; configured by environment variables and .env (see .env.example)
  demo        run the receiver against the embedded CXone simulator and show every fate (-- --serve keeps it up)
  simulator   run the CXone simulator alone, for an app's own tests (-- --help tells its dials)
  doctor      check configuration, database, disk, clock and CXone, and say what to do
  audit       verify the audit trail, or print its signed head
  backup      copy the database while the receiver runs
  restore     put a backup in the place of a database that is gone

The last four tell more with --help.
`;

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
      return runSimulator(args);
    }
    case 'doctor':
    case 'audit':
    case 'backup':
    case 'restore': {
      const { runCommand } = await import('./commands/run.ts');
      process.exitCode = await runCommand(command, args, surroundings());
      return;
    }
    case 'help':
    case '--help':
      process.stdout.write(HELP);
      return;
    default:
      throw new UsageError(command === undefined ? 'Say what to run.' : `There is no command "${command}".`);
  }
}

class UsageError extends Error {}

function surroundings(): Surroundings {
  const { stdout, stderr } = process;
  return {
    env: () => withEnvFile(process.env),
    write: (text) => stdout.write(text),
    tell: (text) => stderr.write(text),
    terminal: { out: stdout.isTTY === true, err: stderr.isTTY === true, columns: stderr.columns ?? 80 },
  };
}

async function start(): Promise<void> {
  const config = readConfig(withEnvFile(process.env));
  const log = createLog(config.logLevel);
  const fatal = (error: unknown) => {
    log.error({ reason: reasonOf(error) }, 'the disk failed: ending without acknowledging what was not committed');
    process.exit(1);
  };
  const service = await startService({ config, world: systemWorld, log, fatal });
  log.info(startFacts(service, config), 'listening');
  stopOnSignal(service, log);
}

function startFacts({ url, webhookUrl }: Service, config: Config): Record<string, unknown> {
  const { cxone, publicUrl, databasePath } = config;
  return { url, webhookUrl, publicUrl, upstream: cxone.baseUrl, database: databasePath, node: process.version };
}

/** SIGTERM and SIGINT drain and end with 0; a second one ends at once. */
function stopOnSignal(service: Service, log: Log): void {
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

/** JSON lines on stdout. */
function createLog(level: string): Log {
  return pino({
    level,
    base: null,
    timestamp: () => `,"time":"${new Date(systemWorld.now()).toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
  });
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  // What keeps it from starting is told in its own words; the stack is of use only for faults of ours.
  const { name = '', message = String(error), stack = '' } = error instanceof Error ? error : {};
  const ours = ['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError'].includes(name);
  process.stderr.write(`${ours ? stack : message}\n`);
  if (error instanceof UsageError) process.stderr.write(`\n${HELP}`);
  process.exit(1);
}
