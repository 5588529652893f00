// Signs what goes to apps, to the letter of Standard Webhooks (https://www.standardwebhooks.com): HMAC-SHA256, one per secret.

import { createHmac, hkdfSync } from 'node:crypto';

const PREFIX = 'whsec_';
/** Of a secret, in bytes (Standard Webhooks: between 192 and 512 bits). */
const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;

/** The first is the newest. Each as the app is given it: `whsec_` and base64. */
export type SecretsOf = (app: string) => readonly string[];

export interface AppSecret {
  readonly app: string;
  readonly secret: string;
}

/** `timestamp`: of the attempt, in seconds since the Unix epoch. */
export function signatureHeaders(
  secrets: readonly string[],
  { id, timestamp, body }: { readonly id: string; readonly timestamp: number; readonly body: string },
): Record<string, string> {
  const signed = `${id}.${timestamp}.${body}`;
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
    return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
  });
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' '),
  };
}

/** What is wrong with a secret, in words that do not repeat it; null when nothing is. */
export function secretProblem(text: string): string | null {
  if (!text.startsWith(PREFIX)) return `has a secret that does not begin with ${PREFIX}`;
  const encoded = text.slice(PREFIX.length);
  const bytes = Buffer.from(encoded, 'base64');
  // Node passes over what is no base64; a verifier elsewhere would not, or would read another secret.
  if (bytes.toString('base64') !== encoded) return `has a secret that is not base64, padded, after ${PREFIX}`;
  if (bytes.length < MIN_SECRET_BYTES || bytes.length > MAX_SECRET_BYTES) {
    return `has a secret of ${bytes.length} bytes; it must have ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES}`;
  }
  return null;
}

/** The secrets that were given to an app; for one without, those that follow from ours, which change when ours do. */
export function createSecretsOf(given: readonly AppSecret[], roots: readonly string[]): SecretsOf {
  return (app) => {
    const own = given.filter((one) => one.app === app).map(({ secret }) => secret);
    // promise: secret-per-app
    return own.length > 0 ? own : roots.map((root) => derived(root, app));
  };
}

/** HKDF-SHA256 (RFC 5869): tells nothing of ours, and nothing of another app's. */
function derived(root: string, app: string): string {
  const bytes = hkdfSync('sha256', root, '', `cxone-callback-receiver notifications to ${app}`, 32);
  return `${PREFIX}${Buffer.from(bytes).toString('base64')}`;
}
