// `profile show`: a profile in full, as the receiver would take it, and what it needs.

import { loadProfile, type Profile, ProfileError } from '../../cxone/profile/profile.ts';
import { requiredSettings } from '../../cxone/profile/required-settings.ts';
import { SHIPPED_NAMES } from '../../cxone/profile/shipped.ts';
import { type Action, CommandError, readFlags } from '../context.ts';

export const profileShow: Action = {
  help: `Usage: npm run -s profile -- show [NAME|FILE]

Writes an upstream profile in full, as JSON, to stdout; and to stderr what it is for, whether it was verified against a
tenant, and which settings it needs. Without a name: the one at CXONE_PROFILE, or the built-in one. What it writes is a
profile again: a beginning for one of your own.

Shipped are:

${SHIPPED_NAMES.map((name) => `  ${name}`).join('\n')}

Exit code: 0 done, 1 there is a mistake in it, or no such profile, 2 it could not be done.

  npm run profile -- show
  npm run -s profile -- show cxone-jobs > tenant.json
`,
  run: async (args, { env, write, writeError }) => {
    const [wanted = env()['CXONE_PROFILE']?.trim() || null] = readFlags(args, {}, 1).positionals;
    const profile = loaded(wanted);
    writeError(aboutOf(profile));
    write(`${JSON.stringify(profile, null, 2)}\n`);
    return 0;
  },
};

/** @throws {CommandError} */
export function loaded(pathOrName: string | null): Profile {
  try {
    return loadProfile(pathOrName);
  } catch (error) {
    if (error instanceof ProfileError) throw new CommandError(error.message, 1);
    throw error;
  }
}

function aboutOf(profile: Profile): string {
  const settings = requiredSettings(profile).map(({ anyOf }) => anyOf.join(' or '));
  const lines = [
    `${profile.name}: ${VERIFIED[String(profile.verified)]}`,
    ...(profile.note === undefined ? [] : [profile.note]),
    `It needs ${settings.length === 0 ? 'nothing' : settings.join(', ')}.`,
  ];
  return `${lines.join('\n')}\n`;
}

const VERIFIED: Readonly<Record<string, string>> = {
  true: 'verified against a tenant',
  false: 'not verified against a tenant',
  undefined: 'it does not say whether it was verified against a tenant',
};
