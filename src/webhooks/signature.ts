// Signatures of webhooks as Standard Webhooks specifies (https://www.standardwebhooks.com): HMAC-SHA256, one per secret.

import { createHmac } from 'node:crypto';
import { deriveKey } from '../lib/derive-key.ts';

const PREFIX = 'whsec_';
/** Length of a secret in bytes (Standard Webhooks: between 192 and 512 bits). */
const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;

/** Returns the signing secrets of an app, newest first, each as `whsec_` and base64. */
export type SecretsOf = (app: string) => readonly string[];

export interface AppSecret {
  readonly app: string;
  readonly secret: string;
}

/** Returns the headers of one attempt. `timestamp` is in seconds since the Unix epoch. */
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

/** Returns why a secret is invalid, without repeating it; null if it is valid. */
export function secretProblem(text: string): string | null {
  if (!text.startsWith(PREFIX)) return `has a secret that does not begin with ${PREFIX}`;
  const encoded = text.slice(PREFIX.length);
  const bytes = Buffer.from(encoded, 'base64');
  // Node skips characters outside base64; another verifier would reject the secret or decode it differently.
  if (bytes.toString('base64') !== encoded) return `has a secret that is not base64, padded, after ${PREFIX}`;
  if (bytes.length < MIN_SECRET_BYTES || bytes.length > MAX_SECRET_BYTES) {
    return `has a secret of ${bytes.length} bytes; it must have ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES}`;
  }
  return null;
}

/** Returns the configured secrets of an app, or else secrets derived from `roots`, which change when `roots` do. */
export function createSecretsOf(configured: readonly AppSecret[], roots: readonly string[]): SecretsOf {
  return (app) => {
    const own = configured.filter((entry) => entry.app === app).map(({ secret }) => secret);
    // promise: secret-per-app
    return own.length > 0 ? own : roots.map((root) => derivedSecret(root, app));
  };
}

function derivedSecret(root: string, app: string): string {
  return PREFIX + deriveKey(root, `notifications to ${app}`).toString('base64');
}
