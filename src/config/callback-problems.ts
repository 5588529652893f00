// What is missing for the checks of callbacks, of which the upstream profile states some and the environment others.

import type { Verifier } from '../cxone/profile/callback.ts';

const LIST = '/callback/verifiers';
const REMOVAL = 'or take that verifier out of it';

export type Asked = { readonly [V in Verifier as V['type']]?: V };

/** Returns the verifiers of a profile by their type. */
export function askedIn(verifiers: readonly Verifier[]): Asked {
  return Object.fromEntries(verifiers.map((verifier) => [verifier.type, verifier]));
}

/** Returns messages on the variables that the checks need and that are not set, and on secrets without a place, by variable. */
export function callbackProblems(
  verifiers: readonly Verifier[],
  isSet: (name: string) => boolean,
): readonly (readonly [string, string])[] {
  // promise: no-check-without-secret
  const asked = askedIn(verifiers);
  const missing = (name: string, what: string, isAsked: unknown) =>
    isAsked && !isSet(name)
      ? [[name, `missing; the upstream profile asks callbacks for ${what} (${LIST}): set it, ${REMOVAL}`] as const]
      : [];
  const unplaced = (name: string, place: string, isAsked: unknown) =>
    isSet(name) && !isSet(place) && !isAsked
      ? [[name, `goes with ${place} or a verifier in the upstream profile (${LIST})`] as const]
      : [];
  return [
    ...missing('CALLBACK_HEADER_VALUE', 'a header', asked.header),
    ...missing('CALLBACK_BASIC_AUTH', 'HTTP Basic', asked.basic),
    ...missing('CALLBACK_BEARER_TOKEN', 'a bearer token', asked.bearer),
    ...missing('CALLBACK_CLIENTS', 'a token from here', asked['issued-token']),
    ...missing('CALLBACK_HMAC_SECRET', 'an HMAC', asked.hmac),
    ...unplaced('CALLBACK_HEADER_VALUE', 'CALLBACK_HEADER_NAME', asked.header),
    ...unplaced('CALLBACK_HMAC_SECRET', 'CALLBACK_HMAC_HEADER', asked.hmac),
  ];
}
