// `simulator`: the options of the CXone simulator.

import { InvalidArgumentError } from '@commander-js/extra-typings';
import { defined } from '../lib/defined.ts';
import { runSimulator } from '../simulator/command.ts';
import { DIALECT_NAMES } from '../simulator/dialects.ts';
import { type FateName, findFate } from '../simulator/fates/catalogue.ts';
import { DEFAULT_PORT, SIMULATOR_HELP } from '../simulator/help.ts';
import { EXPIRES_IN_FORMS, QUOTA_HEADERS, type SimulatorOptions } from '../simulator/options.ts';
import { RecordingError } from '../simulator/recording.ts';
import { CommandError, type Declare } from './context.ts';
import { choiceOption, wholeNumber, withHelp } from './options.ts';

const number = wholeNumber(0, 86_400_000);

// One function because the options are one list.
export const simulator: Declare = (command, context) =>
  withHelp(command, {
    description: `Runs a CXone to test against: token, execute and poll endpoints, and callbacks. It requires no real
credentials; keep it on loopback.`,
    notes: SIMULATOR_HELP,
    exitCodes: '0 stopped by a signal, 1 it could not listen, 2 an option is wrong',
    examples: ['npm run -s simulator', 'npm run -s simulator -- --dialect cxone-jobs --fate lost-callback=0.1'],
  })
    .option('--port <port>', 'the port to listen on; 0 picks a free one', wholeNumber(0, 65_535), DEFAULT_PORT)
    .option('--host <host>', 'the address to listen on', '127.0.0.1')
    .addOption(choiceOption('--dialect <name>', 'the shipped profile whose API it has (default: cxone)', DIALECT_NAMES))
    .option(
      '--seed <text>',
      'the same seed repeats a run: same choices and ids for the same correlation ids, or inputs',
    )
    .option('--fate <name=share>', 'share of executions, 0 to 1, with this fate; repeatable', collectRate, {})
    .option('--latency <ms>', 'duration of a response (default: 20)', number)
    .option('--jitter <ms>', 'random addition to the latency, at most (default: 30)', number)
    .option('--run <ms>', 'run time of an action (default: 250)', number)
    .option('--run-jitter <ms>', 'random addition to the run time, at most (default: 250)', number)
    .option('--rate-limit <count>', 'requests a second before 429; 0: no limit (default: 100)', number)
    .addOption(choiceOption('--retry-after <style>', 'Retry-After of a 429 (default: seconds)', ['seconds', 'date']))
    .option('--token-seconds <seconds>', 'lifetime of an access token (default: 3600)', number)
    .option('--token-delay <ms>', 'time after its issue for which a token gets 401 (default: 0)', number)
    .option('--single-token', 'a new token revokes all earlier ones')
    .option('--resource-server', 'token responses name the base URL of the API (resource_server_base_uri)')
    .option('--token-latency <ms>', 'duration of a token request (default: 0)', number)
    .addOption(choiceOption('--expires-in <form>', 'form of expires_in (default: seconds)', EXPIRES_IN_FORMS))
    .option('--jwt-seconds <seconds>', 'tokens are JWTs that end after this time, whatever expires_in states', number)
    .option('--quota <count>', 'API requests in each fixed window before 429; 0: no limit (default: 0)', number)
    .option('--quota-window <ms>', 'length of that window (default: 10000)', wholeNumber(1, 86_400_000))
    .addOption(choiceOption('--quota-headers <form>', 'headers of the quota (default: x-ratelimit)', QUOTA_HEADERS))
    .option('--discovery-seconds <seconds>', 'max-age of discovery documents (default: none)', number)
    .option(
      '--move-after <ms>',
      'time after which the API moves to a second port: discovery names it, the first gets 404',
      number,
    )
    .option('--scope <text>', 'scopes of a token (default: dx:actions:execute dx:actions:read)')
    .option('--client-id <text>', '(default: simulator)')
    .option('--client-secret <text>', '(default: simulator-secret)')
    .option('--redeliver <count>', 'repetitions of a callback that got no 2xx (default: 0)', number)
    .option('--replay <file>', 'respond in the shapes of a recording (CXONE_RECORD_DIR); other settings have no effect')
    .option('--quiet', 'print no line per request and callback')
    .action(async ({ port, host, quiet = false, replay = null, moveAfter: moveAfterMs = null, ...given }) => {
      const { fate, latency, jitter, run, runJitter, rateLimit, tokenDelay, tokenLatency, ...others } = given;
      const { quotaWindow, redeliver, ...sameNames } = others;
      const options = defined({
        ...sameNames,
        rates: fate,
        latencyMs: latency,
        jitterMs: jitter,
        runMs: run,
        runJitterMs: runJitter,
        requestsPerSecond: rateLimit,
        tokenDelayMs: tokenDelay,
        tokenLatencyMs: tokenLatency,
        quotaWindowMs: quotaWindow,
        redeliveries: redeliver,
      } satisfies WithUndefined<Partial<SimulatorOptions>>);
      const output = { write: context.write, stop: context.interrupted() };
      try {
        await runSimulator({ host, port, quiet, replay, moveAfterMs, options }, output);
      } catch (error) {
        throw error instanceof RecordingError ? new CommandError(error.message) : error;
      }
    });

function collectRate(text: string, earlier: SimulatorOptions['rates']): SimulatorOptions['rates'] {
  const [name = '', share = ''] = text.split('=');
  const fate: FateName | undefined = findFate(name)?.fate;
  const rate = share.trim() === '' ? Number.NaN : Number(share);
  if (fate === undefined)
    throw new InvalidArgumentError(`The fate ${JSON.stringify(name)} does not exist; see --help.`);
  if (!(rate >= 0 && rate <= 1)) throw new InvalidArgumentError(`The share of ${fate} must be a number from 0 to 1.`);
  const rates = { ...earlier, [fate]: rate };
  if (Object.values(rates).reduce((sum, one) => sum + one, 0) > 1) {
    throw new InvalidArgumentError('The shares add up to more than 1.');
  }
  return rates;
}

type WithUndefined<T> = { readonly [K in keyof T]: T[K] | undefined };
