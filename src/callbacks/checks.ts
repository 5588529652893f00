// Checks of a callback beyond its signed URL. All configured checks must pass.

import { type AddressRange, createAddressMatcher } from '../lib/ip-address.ts';
import type { CallbackTokens } from './bearer-tokens.ts';
import { type BodySignatureRule, createBodySignature, type HeaderOf } from './body-hmac.ts';
import { bearerToken, type Credential, createCredentialCheck, createSecretCheck } from './credentials.ts';

export interface CallbackRules {
  /** Allowed client addresses; empty: any address. */
  readonly allowedAddresses: readonly AddressRange[];
  /** A required header with its accepted values. */
  readonly header: { readonly name: string; readonly values: readonly string[] } | null;
  /** Accepted credentials in Authorization, besides issued tokens. Without either, Authorization is not checked. */
  readonly credentials: readonly Credential[];
  readonly bodySignature: BodySignatureRule | null;
}

export const NO_RULES: CallbackRules = { allowedAddresses: [], header: null, credentials: [], bodySignature: null };

/** Why a callback is refused. Counted and logged, never disclosed to the caller. */
export type CallbackRefusal =
  | 'address-not-allowed'
  | 'bad-signature'
  | 'bad-credentials'
  | 'expired-token'
  | 'bad-timestamp'
  | 'bad-body-signature'
  | 'unknown-execution';

export interface CallbackChecks {
  /** Returns null if a client at this address may call. */
  checkAddress(address: () => string | null): 'address-not-allowed' | null;
  /** Runs all checks that need no body. Returns null if they pass. `now` in milliseconds. */
  checkHeaders(header: HeaderOf, address: () => string | null, now: number): Promise<CallbackRefusal | null>;
  /** Checks the bytes of the body; null stands for an incomplete body. Returns null if the check passes. */
  checkBody(header: HeaderOf, body: Uint8Array | null): CallbackRefusal | null;
}

/** @param tokens issuer of bearer tokens for callbacks; null if none are issued */
export function createCallbackChecks(rules: CallbackRules, tokens: CallbackTokens | null): CallbackChecks {
  const isAllowed = createAddressMatcher(rules.allowedAddresses);
  const isHeaderRight = createSecretCheck(rules.header?.values ?? []);
  const isCredentialRight = createCredentialCheck(rules.credentials);
  const signature = rules.bodySignature === null ? null : createBodySignature(rules.bodySignature);

  function checkAddress(addressOf: () => string | null) {
    if (rules.allowedAddresses.length === 0) return null;
    const address = addressOf();
    return address !== null && isAllowed(address) ? null : 'address-not-allowed';
  }

  async function checkAuthorization(authorization: string | null): Promise<CallbackRefusal | null> {
    if (rules.credentials.length === 0 && tokens === null) return null;
    if (isCredentialRight(authorization)) return null;
    const token = bearerToken(authorization);
    // promise: callback-needs-token
    if (token === null || tokens === null) return 'bad-credentials';
    const verdict = await tokens.verify(token);
    switch (verdict) {
      case 'good':
        return null;
      case 'expired':
        return 'expired-token';
      case 'bad':
        return 'bad-credentials';
      default:
        return verdict satisfies never;
    }
  }

  return {
    checkAddress,
    checkHeaders: async (header, address, now) => {
      const refusal = checkAddress(address);
      if (refusal !== null) return refusal;
      if (rules.header !== null && !isHeaderRight(header(rules.header.name))) return 'bad-credentials';
      const unauthorized = await checkAuthorization(header('authorization'));
      if (unauthorized !== null) return unauthorized;
      if (signature === null) return null;
      if (!signature.isTimely(header, now)) return 'bad-timestamp';
      // promise: unsigned-body-is-not-read
      return signature.isPresent(header) ? null : 'bad-body-signature';
    },
    // An incomplete body cannot be verified.
    checkBody: (header, body) =>
      signature === null || (body !== null && signature.isGenuine(header, body)) ? null : 'bad-body-signature',
  };
}
