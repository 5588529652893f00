// `profile show`: prints a profile in full, and the settings that it needs.

import { loadProfile, type Profile, ProfileError } from '../../cxone/profile/profile.ts';
import { requiredSettings } from '../../cxone/profile/required-settings.ts';
import { SHIPPED_NAMES } from '../../cxone/profile/shipped.ts';
import { CommandError, type Declare } from '../context.ts';
import { withHelp } from '../options.ts';

export const profileShow: Declare = (command, { env, write, writeError }) =>
  withHelp(command, {
    description: `Writes an upstream profile in full, as JSON, to stdout, and to stderr its purpose, whether it was
verified against a tenant, and the settings that it needs. The JSON is a valid profile, to start your own from.`,
    notes: `Shipped profiles:\n${SHIPPED_NAMES.map((name) => `  ${name}`).join('\n')}`,
    exitCodes: '0 done, 1 the profile does not exist or has a mistake, 2 the command could not be carried out',
    examples: ['npm run -s profile -- show', 'npm run -s profile -- show cxone-jobs > tenant.json'],
  })
    .argument('[name|file]', 'a shipped profile or a file (default: CXONE_PROFILE, or the built-in profile)')
    .action((pathOrName = env()['CXONE_PROFILE']?.trim() || undefined) => {
      const profile = loadOrFail(pathOrName ?? null);
      writeError(describe(profile));
      write(`${JSON.stringify(profile, null, 2)}\n`);
    });

/** @throws {CommandError} with exit code 1 */
export function loadOrFail(pathOrName: string | null): Profile {
  try {
    return loadProfile(pathOrName);
  } catch (error) {
    if (error instanceof ProfileError) throw new CommandError(error.message, 1);
    throw error;
  }
}

function describe(profile: Profile): string {
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
