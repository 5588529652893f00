// What callbacks must show: the upstream profile says which checks and their shape, the configuration holds the secrets.

import type { TokenRule } from '../callbacks/bearer-tokens.ts';
import type { BodySignatureShape } from '../callbacks/body-hmac.ts';
import type { CallbackRules } from '../callbacks/checks.ts';
import { LIFETIME_SECONDS, type Verifier } from '../cxone/profile/callback.ts';
import { type Asked, askedIn } from './callback-problems.ts';
import type { CallbackSettings } from './callbacks.ts';

export interface CallbackTrustRules {
  readonly rules: CallbackRules;
  /** Null: no tokens are given out. */
  readonly tokens: TokenRule | null;
}

/**
 * Returns everything that either asks for. Where both give the shape of a check, the configuration's holds. The configuration has been
 * checked against the profile: no secret is missing.
 */
export function callbackRulesOf(settings: CallbackSettings, verifiers: readonly Verifier[]): CallbackTrustRules {
  const asked = askedIn(verifiers);
  const headerName = settings.header.name ?? asked.header?.name;
  const shape = settings.hmac.shape ?? shapeOf(asked.hmac);
  const { header, hmac, clients, credentials, allowedAddresses } = settings;

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

function shapeOf(hmac: Asked['hmac']): BodySignatureShape | null {
  if (hmac === undefined) return null;
  const { header, algorithm, encoding, prefix, timestampHeader, toleranceSeconds } = hmac;
  return { header, algorithm, encoding, prefix, timestampHeader, toleranceMs: toleranceSeconds * 1000 };
}
