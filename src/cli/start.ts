// `start`: runs the receiver until a signal stops it.

import { ConfigError, readConfig } from '../config/config.ts';
import { proxyOrigins } from '../config/proxies.ts';
import { STRONGER_SECRETS, secretsIn, weakSecretsIn } from '../config/secrets.ts';
import { inheritedSockets } from '../http/server/socket-activation.ts';
import { withoutLogin } from '../lib/database-url.ts';
import { type Log, reasonOf } from '../lib/log.ts';
import { Interrupted } from '../lib/steps.ts';
import type { World } from '../lib/world.ts';
import { createJsonLog, createLogOutput } from '../observability/log-output.ts';
import { type Receiver, startReceiver } from '../receiver.ts';
import { DatabaseRefused } from '../store/shared/database-refused.ts';
import { type CommandContext, CommandError, type Declare } from './context.ts';
import { withHelp } from './options.ts';
import { showUpgrade } from './upgrade-display.ts';

export const start: Declare = (command, context) =>
  withHelp(command, {
    description: `Runs the receiver. It is configured by environment variables and by .env in the working directory;
.env.example describes every variable. SIGTERM, SIGINT and SIGHUP stop it after it has drained; a second signal stops it
at once. With TLS, SIGHUP reloads the certificate instead.`,
    exitCodes: '0 stopped by a signal, 1 it could not start, or the disk failed',
    examples: ['npm start', 'npm run -s doctor && npm start'],
  }).action(async () => {
    try {
      await run(context);
    } catch (error) {
      const isExplained = error instanceof ConfigError || error instanceof DatabaseRefused;
      throw isExplained ? new CommandError(error.message, 1) : error;
    }
  });

/** The receiver waits this long for the reader of its log before it exits, in milliseconds. */
const LAST_LINES_MS = 500;

/** npm passes a signal on that the terminal has already sent to the whole process group; its copy comes within this time. */
const NPM_COPY_MS = 1_000;

/** The interval at which a receiver that npm started checks that npm still runs, in milliseconds. */
const PARENT_CHECK_MS = 1_000;

async function run(context: CommandContext): Promise<void> {
  const { env, variableWarnings, world } = context;
  const config = readConfig(env());
  const output = createLogOutput(process.stdout, (lines) =>
    log.warn({ lines }, 'lines of the log were lost: its reader is too slow'),
  );
  const log = createJsonLog(config.logLevel, secretsIn(config), output);
  process.once('exit', output.flush);
  const fatal = (error: unknown) => {
    log.error({ reason: reasonOf(error) }, 'the disk failed: ending without acknowledging what was not committed');
    process.exit(1);
  };
  for (const warning of variableWarnings())
    log.warn({ warning }, 'a variable has no effect, or another one than usually meant');
  for (const warning of weakSecretsIn(config)) log.warn({ warning, advice: STRONGER_SECRETS }, 'a secret is weak');
  const sockets = inheritedSockets(env(), process.pid);
  const exit = async (code: number) => {
    await Promise.race([output.drained(), world.sleep(LAST_LINES_MS)]);
    process.exit(code);
  };
  const signal: { ofUpgrade?: AbortSignal } = {};
  const upgrade = {
    display: showUpgrade(context, output.flush),
    // Before its first slice, a signal ends the process at once: nothing of a copy could be kept.
    interrupted: () => {
      signal.ofUpgrade ??= context.interrupted();
      return signal.ofUpgrade;
    },
  };
  const options = { config, world, log, fatal, sockets, threads: true, upgrade };
  const receiver = await startReceiver(options).catch((error: unknown) => {
    if (error instanceof Interrupted) return null;
    throw error;
  });
  const database = config.databaseUrl === null ? config.databasePath : withoutLogin(config.databaseUrl);
  if (receiver === null) {
    log.info({ database }, 'stopped in the middle of an upgrade, which the next start continues');
    return exit(0);
  }
  const { url, webhookUrl } = receiver;
  const { cxone, publicUrl } = config;
  const upstream = cxone.baseUrl ?? 'discovered at CXone';
  log.info({ url, webhookUrl, publicUrl, upstream, database, node: process.version }, 'listening');
  const proxies = proxyOrigins(config.proxies);
  if (proxies.length > 0) log.info({ proxies }, 'outgoing requests take proxies');

  const isRunByNpm = env()['npm_lifecycle_event'] !== undefined;
  const stop = stopOnce({ receiver, log, exit, isRunByNpm });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop(signal));
  // Without TLS there is nothing to reload, and the end of the terminal ends the process.
  process.on('SIGHUP', config.tls === null ? () => stop('SIGHUP') : () => void receiver.reload());
  if (isRunByNpm) void stopWithParent(world, stop);
  if (signal.ofUpgrade?.aborted) stop('a signal during the upgrade');
}

interface Stopping {
  readonly receiver: Receiver;
  readonly log: Log;
  readonly exit: (code: number) => Promise<void>;
  readonly isRunByNpm: boolean;
}

/** Returns a function that drains and exits with 0 at its first call, and exits with 1 at once at the second. */
function stopOnce({ receiver, log, exit, isRunByNpm }: Stopping): (cause: string) => void {
  let first: { readonly cause: string; readonly at: number } | null = null;
  let isCopyExpected = isRunByNpm;

  async function drain(cause: string): Promise<void> {
    log.info({ cause }, 'draining');
    try {
      await receiver.stop();
      log.info({}, 'stopped');
      await exit(0);
    } catch (error) {
      log.error({ reason: reasonOf(error) }, 'could not stop cleanly');
      await exit(1);
    }
  }

  return (cause) => {
    if (first === null) {
      first = { cause, at: performance.now() };
      void drain(cause);
      return;
    }
    const isCopy = isCopyExpected && cause === first.cause && performance.now() - first.at < NPM_COPY_MS;
    isCopyExpected = false;
    if (!isCopy) process.exit(1);
  };
}

/** npm cannot pass on the signals that kill it, so a receiver that it started stops when it is gone. */
async function stopWithParent(world: World, stop: (cause: string) => void): Promise<void> {
  const parent = process.ppid;
  while (process.ppid === parent) await world.sleep(PARENT_CHECK_MS);
  stop('npm has ended');
}
