// What a callback must show besides its signed URL, whichever of it is configured; all of it must hold.

import { type AddressRange, createAddressMatcher } from '../lib/ip-address.ts';
import type { CallbackTokens } from './bearer-tokens.ts';
import { type BodySignatureRule, createBodySignature, type HeaderOf } from './body-hmac.ts';
import { bearerToken, type Credential, createCredentialCheck, createSecretCheck } from './credentials.ts';

export interface CallbackRules {
  /** Where callbacks may come from; empty: from anywhere. */
  readonly allowedAddresses: readonly AddressRange[];
  /** A header with one of these values. */
  readonly header: { readonly name: string; readonly values: readonly string[] } | null;
  /** An Authorization header with one of these, or a token from here; none of either: it is not asked for. */
  readonly credentials: readonly Credential[];
  readonly bodySignature: BodySignatureRule | null;
}

export const NO_RULES: CallbackRules = { allowedAddresses: [], header: null, credentials: [], bodySignature: null };

/** Why a callback is not listened to, for counting; the caller is never told. */
export type CallbackRefusal =
  | 'address-not-allowed'
  | 'bad-signature'
  | 'bad-credentials'
  | 'expired-token'
  | 'bad-timestamp'
  | 'bad-body-signature'
  | 'unknown-execution';

export interface CallbackChecks {
  /** Null when a client at this address may call. */
  checkAddress(address: () => string | null): 'address-not-allowed' | null;
  /** Null when all that can be told before the body is read is well. `now` in milliseconds. */
  checkHeaders(header: HeaderOf, address: () => string | null, now: number): Promise<CallbackRefusal | null>;
  /** The same for the body's bytes; null stands for a body that could not be read whole. */
  checkBody(header: HeaderOf, body: Uint8Array | null): CallbackRefusal | null;
}

/** `tokens`: what gives out tokens for callbacks to carry; null when nothing does. */
export function createCallbackChecks(rules: CallbackRules, tokens: CallbackTokens | null): CallbackChecks {
  const isAllowed = createAddressMatcher(rules.allowedAddresses);
  const isHeaderRight = createSecretCheck(rules.header?.values ?? []);
  const isCredentialRight = createCredentialCheck(rules.credentials);
  const signature = rules.bodySignature === null ? null : createBodySignature(rules.bodySignature);

  function ofAddress(addressOf: () => string | null) {
    if (rules.allowedAddresses.length === 0) return null;
    const address = addressOf();
    return address !== null && isAllowed(address) ? null : 'address-not-allowed';
  }

  async function ofAuthorization(authorization: string | null): Promise<CallbackRefusal | null> {
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
    checkAddress: ofAddress,
    checkHeaders: async (header, address, now) => {
      const misplaced = ofAddress(address);
      if (misplaced !== null) return misplaced;
      if (rules.header !== null && !isHeaderRight(header(rules.header.name))) return 'bad-credentials';
      const unauthorized = await ofAuthorization(header('authorization'));
      if (unauthorized !== null) return unauthorized;
      return signature === null || signature.isTimely(header, now) ? null : 'bad-timestamp';
    },
    // What did not arrive whole cannot be shown to be genuine.
    checkBody: (header, body) =>
      signature === null || (body !== null && signature.isGenuine(header, body)) ? null : 'bad-body-signature',
  };
}
