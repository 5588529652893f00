// `doctor`: whether everything that the receiver needs is as it should be, and what to do where it is not.

import { createSignedUrls } from '../../callbacks/signed-url.ts';
import { type Config, readVariable } from '../../config/config.ts';
import { isJsonObject, type JsonObject, parseJson } from '../../execution/json.ts';
import { type Command, type CommandContext, CommandUsage, readFlags } from '../context.ts';
import { printLines, showProgress } from '../print.ts';
import type { Trial } from './calls.ts';
import type { Check } from './check.ts';
import { checkConfiguration } from './configuration.ts';
import { checkDatabase } from './database.ts';
import { placeOf } from './profile-place.ts';
import { checkReach } from './reach.ts';
import { checkUpstream } from './upstream.ts';

const FLAGS = {
  offline: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  action: { type: 'string' },
  inputs: { type: 'string' },
  yes: { type: 'boolean', default: false },
} as const;

export const doctor: Command = {
  help: `Usage: npm run doctor [-- --offline] [--json] [--action ID --yes [--inputs JSON]]

Checks the configuration, the database (integrity, audit chain, rows against their trails, conservation, WAL), the disk;
the names and certificates of CXone and of PUBLIC_URL; CXone's token, its scopes, its answer to a poll for an execution that
cannot exist, and its clock; and whether a probe that is sent to PUBLIC_URL arrives at the receiver, or at this command when
none runs. It says what to do about what it finds; of what differs from the upstream profile, which line to change. It only
reads, nothing of it is recorded, and it may run while the receiver does.

  --offline      ask CXone nothing and send no probe
  --json         one JSON document instead of lines
  --action ID    also run this action, for real, once, and compare what CXone says of it with the profile; needs --yes,
                 for whatever the action does is done
  --inputs JSON  what the action is given ({})

Exit code: 0 unless something fails, 1 when something does; a warning is no failure.

  npm run doctor
  npm run doctor -- --json | jq '.checks[] | select(.level != "ok")'
  npm run doctor -- --action look-up-customer --inputs '{"phone":"+43 1 234"}' --yes
`,
  run: async (args, context) => {
    const { values } = readFlags(args, FLAGS, 0);
    const checks = await allChecks(context, values.offline, wishIn(values));
    const healthy = checks.every(({ level }) => level !== 'fail');
    if (values.json) context.write(`${JSON.stringify({ ok: healthy, checks })}\n`);
    else {
      const lines = checks.map(({ advice, message, ...check }) => {
        return { ...check, message: advice === null ? message : `${message} → ${advice}` };
      });
      printLines(lines, context);
    }
    return healthy ? 0 : 1;
  },
};

type Wish = Pick<Trial, 'actionId' | 'inputs'>;

/** @throws {CommandUsage} */
function wishIn(values: { action?: string; inputs?: string; yes: boolean; offline: boolean }): Wish | null {
  const { action: actionId, inputs = '{}', yes, offline } = values;
  if (actionId === undefined) {
    if (values.inputs !== undefined || yes) throw new CommandUsage('--inputs and --yes go with --action');
    return null;
  }
  if (offline) throw new CommandUsage('--action asks CXone, which --offline forbids');
  if (!/^(?!\.{1,2}$)[A-Za-z0-9._~-]{1,128}$/.test(actionId))
    throw new CommandUsage('--action: this cannot be the id of an action');
  if (!yes) throw new CommandUsage(`--action runs ${actionId} for real: say --yes if that may be`);
  return { actionId, inputs: objectIn(inputs) };
}

function objectIn(text: string): JsonObject {
  try {
    const inputs = parseJson(text);
    if (isJsonObject(inputs)) return inputs;
  } catch {
    // Told below.
  }
  throw new CommandUsage('--inputs: this is no JSON object, such as {"phone":"+43 1 234"}');
}

async function allChecks(context: CommandContext, offline: boolean, wish: Wish | null): Promise<Check[]> {
  const { world } = context;
  const { checks, config, profile } = checkConfiguration(context.env);
  const progress = showProgress('audit chain', context);
  const database = checkDatabase({
    path: config?.databasePath ?? databasePath(context),
    retentionDays: config?.auditRetentionDays ?? null,
    world,
    progress: progress.at,
  });
  progress.done();
  if (offline || config === null || profile === null) return [...checks, ...database];
  const place = placeOf(config.cxone.profilePath);
  const trial = wish === null ? null : { ...wish, ...followedBy(config), callbackUrl: callbackUrl(config, world) };
  const upstream = await checkUpstream({ config, profile, place, world, trial });
  return [...checks, ...database, ...upstream, ...(await checkReach(config))];

  function followedBy({ pollIntervalMs }: Config): Pick<Trial, 'pollIntervalMs'> {
    return { pollIntervalMs: Math.max(pollIntervalMs, (profile?.poll?.minIntervalSeconds ?? 0) * 1000) };
  }
}

function callbackUrl({ publicUrl, callbackSecrets }: Config, world: CommandContext['world']): string {
  return createSignedUrls(publicUrl, callbackSecrets).mint(world.id(world.now()));
}

/** What can be known of it while other variables are wrong. */
function databasePath({ env }: CommandContext): string {
  try {
    return readVariable(env(), 'DATABASE_PATH');
  } catch {
    return readVariable({}, 'DATABASE_PATH');
  }
}
