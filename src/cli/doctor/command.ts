// `doctor`: checks everything that the receiver needs, and gives advice on what is wrong.

import { createSignedUrls } from '../../callbacks/signed-url.ts';
import { type Config, readVariable } from '../../config/config.ts';
import { pollIntervalOf } from '../../cxone/profile/poll-interval.ts';
import { isJsonObject, type JsonObject, parseJson } from '../../execution/json.ts';
import { type CommandContext, CommandError, type Declare } from '../context.ts';
import { jsonOption, withHelp } from '../options.ts';
import { printLines, showProgress } from '../print.ts';
import type { Trial } from './calls.ts';
import { type Check, lineOf } from './check.ts';
import { checkConfiguration } from './configuration.ts';
import { checkDatabase } from './database.ts';
import { checkExports } from './exports.ts';
import { checkIncidentWebhook } from './incident-webhook.ts';
import { placeOf } from './profile-place.ts';
import { checkReach } from './reach.ts';
import { checkServerDatabase } from './server-database.ts';
import { checkUpstream } from './upstream.ts';

export const doctor: Declare = (command, context) =>
  withHelp(command, {
    description: `Checks the configuration; the database (integrity, audit chain, rows against their audit entries,
conservation, WAL), the disk and the folder of exports; host names and certificates of CXone and of PUBLIC_URL; CXone's token, its scopes, its
response to a poll for an execution that cannot exist, and its clock; whether a probe to PUBLIC_URL arrives at the
receiver, or at this command if none runs; and whether the webhook for incidents accepts an event of the type
incident.test. It gives advice on each problem, and names the line to change where the upstream profile does not match.
Of a PostgreSQL database (DATABASE_URL) it checks the tables, the settings with their consequences, the clock and
conservation. It changes nothing, and may run beside the receiver.`,
    exitCodes: '0 no check fails (warnings are allowed), 1 a check fails, 2 the command could not be carried out',
    examples: [
      'npm run -s doctor',
      'npm run -s doctor -- --json | jq \'.checks[] | select(.level != "ok")\'',
      `npm run -s doctor -- --action look-up-customer --inputs '{"phone":"+43 1 234"}' --yes`,
    ],
  })
    .option('--offline', 'do not call CXone, and send no probe and no test event')
    .option(
      '--action <id>',
      'also run this action once, for real, and compare the responses with the profile; requires --yes',
    )
    .option('--inputs <json>', 'inputs of that action (default: {})')
    .option('--yes', 'confirm that the action may run')
    .addOption(jsonOption)
    .action(async ({ json, offline = false, ...options }) => {
      const checks = await allChecks(context, offline, trialIn(options, offline));
      const healthy = checks.every(({ level }) => level !== 'fail');
      if (json) context.write(`${JSON.stringify({ ok: healthy, checks })}\n`);
      else printLines(checks.map(lineOf), context);
      if (!healthy) context.exitCode = 1;
    });

type RequestedTrial = Pick<Trial, 'actionId' | 'inputs'>;

interface TrialOptions {
  readonly action?: string | undefined;
  readonly inputs?: string | undefined;
  readonly yes?: true | undefined;
}

/** @throws {CommandError} */
function trialIn({ action, inputs, yes }: TrialOptions, offline: boolean): RequestedTrial | null {
  if (action === undefined) {
    if (inputs !== undefined || yes) throw new CommandError('--inputs and --yes require --action');
    return null;
  }
  if (offline) throw new CommandError('--action calls CXone, which --offline forbids');
  if (!/^(?!\.{1,2}$)[A-Za-z0-9._~-]{1,128}$/.test(action)) {
    throw new CommandError('--action: this cannot be the id of an action');
  }
  if (!yes) throw new CommandError(`--action runs ${action} for real: add --yes to confirm`);
  return { actionId: action, inputs: objectIn(inputs ?? '{}') };
}

function objectIn(text: string): JsonObject {
  try {
    const inputs = parseJson(text);
    if (isJsonObject(inputs)) return inputs;
  } catch {
    // Reported below.
  }
  throw new CommandError('--inputs: this is not a JSON object, for example {"phone":"+43 1 234"}');
}

async function allChecks(context: CommandContext, offline: boolean, wanted: RequestedTrial | null): Promise<Check[]> {
  const { world } = context;
  const { checks, config } = checkConfiguration(context);
  const exports = config === null ? [] : await checkExports(config);
  const database = [...(await databaseChecks(context, config)), ...exports];
  if (offline || config === null) return [...checks, ...database];
  const { profile, profilePath } = config.cxone;
  const place = placeOf(profilePath);
  const { pollIntervalMs } = pollIntervalOf(profile, config.pollIntervalMs);
  const trial = wanted === null ? null : { ...wanted, pollIntervalMs, callbackUrl: callbackUrl(config, world) };
  const upstream = await checkUpstream({ config, place, world, trial });
  const others = [...(await checkReach(config)), ...(await checkIncidentWebhook(config, world))];
  return [...checks, ...database, ...upstream, ...others];
}

async function databaseChecks(context: CommandContext, config: Config | null): Promise<Check[]> {
  const { world } = context;
  const url = config === null ? validValue(context, 'DATABASE_URL') : config.databaseUrl;
  if (typeof url === 'string') return checkServerDatabase({ url, world });
  const { DATABASE_URL: given, DATABASE_URL_FILE: file } = context.env();
  // The check of the configuration has named the mistake.
  if (url === undefined && (given?.trim() || file?.trim())) return [];
  const progress = showProgress('audit chain', context);
  const checks = checkDatabase({
    path: config?.databasePath ?? validValue(context, 'DATABASE_PATH') ?? readVariable({}, 'DATABASE_PATH'),
    mode: config?.databaseMode ?? null,
    retentionDays: config?.auditRetentionDays ?? null,
    world,
    progress: progress.at,
  });
  progress.done();
  return checks;
}

function callbackUrl({ publicUrl, callbackSecrets }: Config, world: CommandContext['world']): string {
  return createSignedUrls(publicUrl, callbackSecrets).mint(world.id(world.now()));
}

/** Returns the value even if other variables are invalid; undefined if it is invalid itself. */
function validValue({ env }: CommandContext, name: 'DATABASE_PATH' | 'DATABASE_URL'): string | undefined {
  try {
    return readVariable(env(), name);
  } catch {
    return undefined;
  }
}
