// The shipped profiles, by their name in CXONE_PROFILE.

import { isJsonObject, type Json, type JsonObject } from '../../execution/json.ts';
import cxone from '../profiles/cxone.json' with { type: 'json' };
import accessKey from '../profiles/cxone-access-key.json' with { type: 'json' };
import discoveryClientCredentials from '../profiles/cxone-discovery-client-credentials.json' with { type: 'json' };
import discoveryPassword from '../profiles/cxone-discovery-password.json' with { type: 'json' };
import jobs from '../profiles/cxone-jobs.json' with { type: 'json' };
import scriptStart from '../profiles/cxone-script-start.json' with { type: 'json' };
import staticToken from '../profiles/cxone-static-token.json' with { type: 'json' };
import { ProfileError } from './problems.ts';

export const DEFAULT_PROFILE_NAME = cxone.name;

const SHIPPED: ReadonlyMap<string, Json> = new Map(
  [cxone, discoveryClientCredentials, discoveryPassword, accessKey, staticToken, scriptStart, jobs].map((profile) => [
    profile.name,
    profile,
  ]),
);

export const SHIPPED_NAMES: readonly string[] = [...SHIPPED.keys()];

/** Returns undefined for an unknown name. */
export function shippedProfile(name: string): Json | undefined {
  return SHIPPED.get(name);
}

/** Parts that a profile inherits as a whole. Name, note and `verified` are not inherited. */
const PARTS = ['token', 'headers', 'issuer', 'discovery', 'execute', 'poll', 'callback', 'words'];

/** Adds the parts that a profile inherits from the one it extends. @throws {ProfileError} if no shipped profile has that name. */
export function withInheritedParts({ extends: parent, ...document }: JsonObject, name: string): JsonObject {
  if (parent === undefined) return document;
  const whole = typeof parent === 'string' ? SHIPPED.get(parent) : undefined;
  if (!isJsonObject(whole)) {
    const detail = `must be the name of a shipped profile: ${SHIPPED_NAMES.join(', ')}`;
    throw new ProfileError(`${name} has a mistake:`, [{ pointer: '/extends', detail }]);
  }
  const inherited = Object.entries(withInheritedParts(whole, name)).filter(([part]) => PARTS.includes(part));
  return { ...Object.fromEntries(inherited), ...document };
}
