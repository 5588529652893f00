// What callbacks must show: the upstream profile says which checks and their shape, the configuration holds the secrets.

import type { TokenRule } from '../callbacks/bearer-tokens.ts';
import type { BodySignatureShape } from '../callbacks/body-hmac.ts';
import type { CallbackRules } from '../callbacks/checks.ts';
import { LIFETIME_SECONDS, type Verifier } from '../cxone/profile/callback.ts';
import type { CallbackSettings } from './callbacks.ts';
import { ConfigError } from './config.ts';

export interface CallbackTrustRules {
  readonly rules: CallbackRules;
  /** Null: no tokens are given out. */
  readonly tokens: TokenRule | null;
}

/**
 * Everything that either asks for. Where both give the shape of a check, the configuration's holds.
 * @throws {ConfigError} naming each variable that is missing for a check.
 */
export function callbackRulesOf(settings: CallbackSettings, verifiers: readonly Verifier[]): CallbackTrustRules {
  const asked = askedIn(verifiers);
  const headerName = settings.header.name ?? asked.header?.name;
  const shape = settings.hmac.shape ?? shapeOf(asked.hmac);
  const { header, hmac, clients, credentials, allowedAddresses } = settings;
  const hasCredential = (scheme: string) => credentials.some((one) => one.scheme === scheme);

  const problems = [
    ...missing('CALLBACK_HEADER_VALUE', 'a header', asked.header && header.values.length === 0),
    ...missing('CALLBACK_BASIC_AUTH', 'HTTP Basic', asked.basic && !hasCredential('basic')),
    ...missing('CALLBACK_BEARER_TOKEN', 'a bearer token', asked.bearer && !hasCredential('bearer')),
    ...missing('CALLBACK_CLIENTS', 'a token from here', asked['issued-token'] && clients.length === 0),
    ...missing('CALLBACK_HMAC_SECRET', 'an HMAC', asked.hmac && hmac.secrets.length === 0),
    ...unplaced('CALLBACK_HEADER_VALUE', 'CALLBACK_HEADER_NAME', header.values.length > 0 && headerName === undefined),
    ...unplaced('CALLBACK_HMAC_SECRET', 'CALLBACK_HMAC_HEADER', hmac.secrets.length > 0 && shape === null),
  ];
  // promise: no-check-without-secret
  if (problems.length > 0) throw new ConfigError(problems);

  const { lifetimeSeconds = LIFETIME_SECONDS } = asked['issued-token'] ?? {};
  return {
    rules: {
      allowedAddresses,
      header: headerName === undefined ? null : { name: headerName, values: header.values },
      credentials,
      bodySignature: shape === null ? null : { ...shape, secrets: hmac.secrets },
    },
    tokens: clients.length === 0 ? null : { clients, lifetimeSeconds },
  };
}

type Asked = { readonly [V in Verifier as V['type']]?: V };

function askedIn(verifiers: readonly Verifier[]): Asked {
  return Object.fromEntries(verifiers.map((verifier) => [verifier.type, verifier]));
}

function shapeOf(hmac: Asked['hmac']): BodySignatureShape | null {
  if (hmac === undefined) return null;
  const { header, algorithm, encoding, prefix, timestampHeader, toleranceSeconds } = hmac;
  return { header, algorithm, encoding, prefix, timestampHeader, toleranceMs: toleranceSeconds * 1000 };
}

function missing(name: string, what: string, isMissing: unknown): string[] {
  const [list, removal] = ['/callback/verifiers', 'or take that verifier out of it'];
  return isMissing
    ? [`${name}: missing; the upstream profile asks callbacks for ${what} (${list}): set it, ${removal}`]
    : [];
}

function unplaced(name: string, place: string, isUnplaced: boolean): string[] {
  return isUnplaced ? [`${name}: goes with ${place} or a verifier in the upstream profile (/callback/verifiers)`] : [];
}
