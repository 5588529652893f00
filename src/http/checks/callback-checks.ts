// What a callback must show besides its signed URL, whichever of it is configured; all of it must hold.

import { type AddressRange, createAddressList } from './addresses.ts';
import { type BodySignatureRule, createBodySignature, type HeaderOf } from './body-signature.ts';
import { type Credential, createCredentialCheck, createSecretCheck } from './credentials.ts';

export interface CallbackRules {
  /** Where callbacks may come from; empty: from anywhere. */
  readonly allowedAddresses: readonly AddressRange[];
  /** A header with one of these values. */
  readonly header: { readonly name: string; readonly values: readonly string[] } | null;
  /** An Authorization header with one of these; empty: none is asked for. */
  readonly credentials: readonly Credential[];
  readonly bodySignature: BodySignatureRule | null;
}

export const NO_RULES: CallbackRules = { allowedAddresses: [], header: null, credentials: [], bodySignature: null };

/** Why a callback is not listened to, for counting; the caller is never told. */
export type CallbackRefusal =
  | 'address-not-allowed'
  | 'bad-signature'
  | 'bad-credentials'
  | 'bad-timestamp'
  | 'bad-body-signature'
  | 'unknown-execution';

export interface CallbackChecks {
  /** Null when all that can be told before the body is read is well. `now` in milliseconds. */
  ofHead(header: HeaderOf, address: () => string | null, now: number): CallbackRefusal | null;
  /** The same for the body's bytes; null stands for a body that could not be read whole. */
  ofBody(header: HeaderOf, body: Uint8Array | null): CallbackRefusal | null;
}

export function createCallbackChecks(rules: CallbackRules): CallbackChecks {
  const isAllowed = createAddressList(rules.allowedAddresses);
  const isHeaderRight = createSecretCheck(rules.header?.values ?? []);
  const isCredentialRight = createCredentialCheck(rules.credentials);
  const signature = rules.bodySignature === null ? null : createBodySignature(rules.bodySignature);

  function isFromAllowed(address: string | null): boolean {
    return address !== null && isAllowed(address);
  }

  return {
    ofHead: (header, address, now) => {
      if (rules.allowedAddresses.length > 0 && !isFromAllowed(address())) return 'address-not-allowed';
      if (rules.header !== null && !isHeaderRight(header(rules.header.name))) return 'bad-credentials';
      if (rules.credentials.length > 0 && !isCredentialRight(header('authorization'))) return 'bad-credentials';
      return signature === null || signature.isTimely(header, now) ? null : 'bad-timestamp';
    },
    // What did not arrive whole cannot be shown to be genuine.
    ofBody: (header, body) =>
      signature === null || (body !== null && signature.isGenuine(header, body)) ? null : 'bad-body-signature',
  };
}
