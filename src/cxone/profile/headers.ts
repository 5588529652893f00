// The static headers of a profile, whose values may contain secrets of the configuration as placeholders: "{gateway-key}".

import * as v from 'valibot';
import { isHeaderName, record } from './schema-parts.ts';

const PLACEHOLDER = /\{([A-Za-z0-9._-]{1,64})\}/g;
const VALUE = 'must be a text of printable ASCII; {name} stands for the secret of that name in CXONE_SECRETS';
const HEADERS = 'must be an object of header names, which are free to use, and their values';

export const headersSchema = v.pipe(
  record(
    v.pipe(
      v.string(VALUE),
      v.check((value) => /^[ -~]+$/.test(value) && !/[{}]/.test(value.replace(PLACEHOLDER, '')), VALUE),
    ),
    HEADERS,
  ),
  v.check((headers) => Object.keys(headers).every(isHeaderName), HEADERS),
);

export type StaticHeaders = v.InferOutput<typeof headersSchema>;

/** A secret that headers of the profile use. */
export interface NamedSecret {
  readonly name: string;
  readonly key: string;
}

/** Returns the names of the secrets that the headers use. */
export function secretNamesIn(...headers: readonly StaticHeaders[]): string[] {
  const values = headers.flatMap((one) => Object.values(one));
  return [...new Set(values.flatMap((value) => [...value.matchAll(PLACEHOLDER)].map(([, name = '']) => name)))];
}

/** Returns the headers with their secrets. The configuration has been checked: every name is known. */
export function fillHeaders(headers: StaticHeaders, secrets: readonly NamedSecret[]): Record<string, string> {
  const secretOf = (name: string) => secrets.find((secret) => secret.name === name)?.key ?? '';
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      value.replace(PLACEHOLDER, (_, secretName: string) => secretOf(secretName)),
    ]),
  );
}
