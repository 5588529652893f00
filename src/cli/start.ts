// `start`: runs the receiver until a signal stops it.

import { ConfigError, readConfig } from '../config/config.ts';
import { secretsIn } from '../config/secrets.ts';
import { inheritedSockets } from '../http/server/socket-activation.ts';
import { type Log, reasonOf } from '../lib/log.ts';
import { createJsonLog } from '../observability/pino-log.ts';
import { type Receiver, startReceiver } from '../receiver.ts';
import { DatabaseRefused } from '../store/sqlite/file/open.ts';
import { type CommandContext, CommandError, type Declare } from './context.ts';
import { helpEnd } from './options.ts';

export const start: Declare = (command, context) =>
  command
    .description(
      `Runs the receiver. It is configured by environment variables and by .env in the working directory; .env.example describes
every variable. SIGTERM and SIGINT stop it after it has drained; a second signal stops it at once. SIGHUP reloads the TLS
certificate.`,
    )
    .addHelpText(
      'after',
      helpEnd('', '0 stopped by a signal, 1 it could not start, or the disk failed', [
        'npm start',
        'npm run -s doctor && npm start',
      ]),
    )
    .action(async () => {
      try {
        await run(context);
      } catch (error) {
        const isExplained = error instanceof ConfigError || error instanceof DatabaseRefused;
        throw isExplained ? new CommandError(error.message, 1) : error;
      }
    });

async function run({ env, world }: CommandContext): Promise<void> {
  const config = readConfig(env());
  const log = createJsonLog(config.logLevel, secretsIn(config));
  const fatal = (error: unknown) => {
    log.error({ reason: reasonOf(error) }, 'the disk failed: ending without acknowledging what was not committed');
    process.exit(1);
  };
  const sockets = inheritedSockets(env(), process.pid);
  const receiver = await startReceiver({ config, world, log, fatal, sockets });
  const { url, webhookUrl } = receiver;
  const { cxone, publicUrl, databasePath: database } = config;
  const upstream = cxone.baseUrl ?? 'discovered at CXone';
  log.info({ url, webhookUrl, publicUrl, upstream, database, node: process.version }, 'listening');
  stopOnSignal(receiver, log);
  // Without TLS there is nothing to reload, and a closed terminal should end the process.
  if (config.tls !== null) process.on('SIGHUP', () => void receiver.reload());
}

/** SIGTERM and SIGINT drain and end with 0; a second one ends at once. */
function stopOnSignal(receiver: Receiver, log: Log): void {
  let stopping = false;
  const stop = async (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, 'draining');
    try {
      await receiver.stop();
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
