// `doctor`: whether everything that the receiver needs is as it should be, and what to do where it is not.

import { readVariable } from '../config/config.ts';
import type { Check } from '../doctor/check.ts';
import { checkConfiguration } from '../doctor/configuration.ts';
import { checkDatabase } from '../doctor/database.ts';
import { checkUpstream } from '../doctor/upstream.ts';
import { systemWorld } from '../world.ts';
import { printLines, showProgress } from './print.ts';
import { type Command, readFlags, type Surroundings } from './surroundings.ts';

const FLAGS = { offline: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } } as const;

export const doctor: Command = {
  help: `Usage: npm run doctor [-- --offline] [--json]

Checks the configuration, the database (integrity, audit chain, rows against their trails, conservation, WAL), the disk,
CXone (a token, its scopes) and the clock, and says what to do about what it finds. It only reads, executes no action,
and may run while the receiver does.

  --offline   ask CXone nothing
  --json      one JSON document instead of lines

Exit code: 0 unless something fails, 1 when something does; a warning is no failure.

  npm run doctor
  npm run doctor -- --json | jq '.checks[] | select(.level != "ok")'
`,
  run: async (args, surroundings) => {
    const { values } = readFlags(args, FLAGS, 0);
    const checks = await allChecks(surroundings, values.offline);
    const healthy = checks.every(({ level }) => level !== 'fail');
    if (values.json) surroundings.write(`${JSON.stringify({ ok: healthy, checks })}\n`);
    else {
      const lines = checks.map(({ advice, message, ...check }) => {
        return { ...check, message: advice === null ? message : `${message} → ${advice}` };
      });
      printLines(lines, surroundings);
    }
    return healthy ? 0 : 1;
  },
};

async function allChecks(surroundings: Surroundings, offline: boolean): Promise<Check[]> {
  const { checks, config, profile } = checkConfiguration(surroundings.env);
  const progress = showProgress('audit chain', surroundings);
  const database = checkDatabase({
    path: config?.databasePath ?? databasePath(surroundings),
    retentionDays: config?.auditRetentionDays ?? null,
    world: systemWorld,
    progress: progress.at,
  });
  progress.done();
  const upstream =
    offline || config === null || profile === null ? [] : await checkUpstream(config, profile, systemWorld);
  return [...checks, ...database, ...upstream];
}

/** What can be known of it while other variables are wrong. */
function databasePath({ env }: Surroundings): string {
  try {
    return readVariable(env(), 'DATABASE_PATH');
  } catch {
    return readVariable({}, 'DATABASE_PATH');
  }
}
