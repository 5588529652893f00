// The credentials in use: configured at start, and read again from their files when CXone refuses them.

import { isDeepStrictEqual } from 'node:util';
import type { Credentials } from './credentials.ts';
import { secretsOf } from './token-request.ts';

export type CredentialSource = ReturnType<typeof createCredentialSource>;

/** `reread` returns the credentials that are in files, as they are now. */
export function createCredentialSource(
  { clientId, clientSecret, accessKeyId, accessKeySecret, token, privateKey = null, privateKeyId = null }: Credentials,
  reread: () => Partial<Credentials> = () => ({}),
) {
  let current: Credentials = {
    ...{ clientId, clientSecret, accessKeyId, accessKeySecret },
    ...{ token, privateKey, privateKeyId },
  };
  let previous: string[] = [];
  return {
    current: (): Credentials => current,
    /** Reads the files again. Returns whether a credential has changed. */
    refresh: (): boolean => {
      const next = { ...current, ...reread() };
      if (isDeepStrictEqual(next, current)) return false;
      previous = secretsOf(current);
      current = next;
      return true;
    },
    /** Returns the secrets of the current and of the previous credentials, in each form in which a request carries them. */
    secrets: (): string[] => [...secretsOf(current), ...previous],
  };
}
