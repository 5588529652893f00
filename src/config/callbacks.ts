// The variables for further checks of callbacks and for the trust in them.

import * as v from 'valibot';
import type { BodySignatureShape } from '../callbacks/body-hmac.ts';
import type { Credential } from '../callbacks/credentials.ts';
import { isFreeHeader, isHeaderName, TOLERANCE_SECONDS } from '../cxone/profile/callback.ts';
import { type AddressRange, parseRange } from '../lib/ip-address.ts';
import {
  checked,
  entries,
  KEY_TEXT,
  keys,
  MIN_KEY_LENGTH,
  secret,
  secrets,
  text,
  texts,
  wholeNumber,
} from './fields.ts';

const BASIC_PAIR = /^[^:]{1,64}:.*$/;

const headerName = v.pipe(
  text,
  checked((name) => {
    if (!isHeaderName(name)) return 'must be the name of an HTTP header';
    if (isFreeHeader(name)) return null;
    return 'must be a header of its own; for Authorization, set CALLBACK_BASIC_AUTH or CALLBACK_BEARER_TOKEN instead';
  }),
);

const prefix = v.pipe(
  text,
  checked((value) => (/^[!-~]{1,32}$/.test(value) ? null : 'must be 1 to 32 visible ASCII characters')),
);

const sentSecrets = v.pipe(text, texts(secretProblem));

const basicPairs = v.pipe(
  text,
  texts((item) =>
    BASIC_PAIR.test(item) ? secretProblem(item.slice(item.indexOf(':') + 1)) : 'is not written user:password',
  ),
);

const ranges = v.pipe(
  text,
  entries<AddressRange>(
    (item) => parseRange(item) ?? 'must be an IP address or a range, for example 192.0.2.0/24 or 2001:db8::/32',
  ),
);

function secretProblem(secret: string): string | null {
  if (secret.length < MIN_KEY_LENGTH) return `has fewer than ${MIN_KEY_LENGTH} characters; lengthen it`;
  return KEY_TEXT.test(secret) ? null : 'has a character that is not visible ASCII; replace it';
}

const TRUSTS = ['signature', 'verify'] as const;
const ALGORITHMS = ['sha256', 'sha512'] as const;
const ENCODINGS = ['hex', 'base64'] as const;

/** Defaults are written as in the environment. */
export const CALLBACK_VARIABLES = {
  CALLBACK_HEADER_NAME: v.optional(headerName),
  CALLBACK_HEADER_VALUE: v.optional(secret(sentSecrets)),
  CALLBACK_BASIC_AUTH: v.optional(secret(basicPairs)),
  CALLBACK_BEARER_TOKEN: v.optional(secret(sentSecrets)),
  CALLBACK_CLIENTS: v.optional(secret(v.pipe(text, keys(MIN_KEY_LENGTH)))),
  CALLBACK_HMAC_SECRET: v.optional(secret(v.pipe(text, secrets))),
  CALLBACK_HMAC_HEADER: v.optional(headerName),
  CALLBACK_HMAC_ALGORITHM: v.optional(v.pipe(text, v.picklist(ALGORITHMS, 'must be sha256 or sha512')), 'sha256'),
  CALLBACK_HMAC_ENCODING: v.optional(v.pipe(text, v.picklist(ENCODINGS, 'must be hex or base64')), 'hex'),
  CALLBACK_HMAC_PREFIX: v.optional(prefix),
  CALLBACK_HMAC_TIMESTAMP_HEADER: v.optional(headerName),
  CALLBACK_HMAC_TOLERANCE_SECONDS: v.optional(wholeNumber(1, 86_400), String(TOLERANCE_SECONDS)),
  CALLBACK_ALLOWED_IPS: v.optional(ranges),
  TRUSTED_PROXIES: v.optional(wholeNumber(0, 10), '0'),
  CALLBACK_TRUST: v.optional(v.pipe(text, v.picklist(TRUSTS, 'must be signature or verify')), 'signature'),
};

type CallbackEnvironment = v.InferOutput<v.ObjectSchema<typeof CALLBACK_VARIABLES, undefined>>;

export type CallbackSettings = ReturnType<typeof callbackSettingsOf>;

/** Returns the checks that the environment configures; the upstream profile may add more. */
export function callbackSettingsOf(env: CallbackEnvironment) {
  const credentials: readonly Credential[] = [
    ...(env.CALLBACK_BASIC_AUTH ?? []).map((secret) => ({ scheme: 'basic' as const, secret })),
    ...(env.CALLBACK_BEARER_TOKEN ?? []).map((secret) => ({ scheme: 'bearer' as const, secret })),
  ];
  return {
    allowedAddresses: env.CALLBACK_ALLOWED_IPS ?? [],
    /** The name is null if the profile defines it. */
    header: { name: env.CALLBACK_HEADER_NAME ?? null, values: env.CALLBACK_HEADER_VALUE ?? [] },
    credentials,
    /** Clients that may request a token for callbacks. */
    clients: env.CALLBACK_CLIENTS ?? [],
    /** The shape is null if the profile defines it. */
    hmac: { secrets: env.CALLBACK_HMAC_SECRET ?? [], shape: shapeOf(env) },
  };
}

function shapeOf(env: CallbackEnvironment): BodySignatureShape | null {
  if (env.CALLBACK_HMAC_HEADER === undefined) return null;
  return {
    header: env.CALLBACK_HMAC_HEADER,
    algorithm: env.CALLBACK_HMAC_ALGORITHM,
    encoding: env.CALLBACK_HMAC_ENCODING,
    prefix: env.CALLBACK_HMAC_PREFIX ?? '',
    timestampHeader: env.CALLBACK_HMAC_TIMESTAMP_HEADER ?? null,
    toleranceMs: env.CALLBACK_HMAC_TOLERANCE_SECONDS * 1000,
  };
}
