// Schemas for the kinds of values of environment variables, with the messages for invalid values.

import { isIP } from 'node:net';
import * as v from 'valibot';

/** A bearer key and the name of its owner. Several keys may have one name, so that they can be rotated. */
export interface Key {
  readonly name: string;
  readonly key: string;
}

/** Minimum length of a signing secret, in characters. */
export const MIN_SECRET_LENGTH = 32;
/** Minimum length of a secret that requests carry, in characters. */
export const MIN_KEY_LENGTH = 16;
/** Operators may type their keys into a browser. Long random keys are still better. */
export const MIN_OPERATOR_KEY_LENGTH = 8;
/** Name of a member whose value is hidden. A single character would hide every word that contains it. */
const FIELD_NAME = /^[^\s"'\\:/]{2,128}$/;
export const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;
export const KEY_NAME = /^[A-Za-z0-9._-]{1,64}$/;
/** Visible ASCII: nothing else survives an Authorization header. The comma is excluded because it separates entries. */
export const KEY_TEXT = /^[!-+\--~]+$/;

// Messages never contain the value: valibot's own would, and half of the values are secrets.

export const present = (hint: string) => v.string(`missing; ${hint}`);

export const text = v.string();

/** Marks a variable whose value must not appear in logs. A marked variable may also come from a file: NAME_FILE. */
export const secret = <S extends v.GenericSchema<unknown, unknown>>(schema: S) =>
  v.pipe(schema, v.metadata({ secret: true }));

/** Text that a check accepts. `problemOf` returns a message that does not contain the text, or null. */
export function checked(problemOf: (value: string) => string | null) {
  return v.rawCheck<string>(({ dataset, addIssue }) => {
    const problem = dataset.typed ? problemOf(dataset.value) : null;
    if (problem !== null) addIssue({ message: problem });
  });
}

export const host = v.pipe(
  text,
  v.check((value) => isIP(value) !== 0 || HOST_NAME.test(value), 'is not a host name or IP address'),
);

export const domain = v.pipe(
  text,
  v.regex(HOST_NAME, 'must be a host name alone; for a scheme, a port or a path set CXONE_BASE_URL instead'),
  v.toLowerCase(),
);

export const url = v.rawTransform<string, string>(({ dataset, addIssue, NEVER }) => {
  const parsed = /^https?:\/\//i.test(dataset.value) && !/[\s\\]/.test(dataset.value) ? URL.parse(dataset.value) : null;
  if (parsed === null) {
    addIssue({ message: 'must be an absolute URL that begins with http:// or https://' });
    return NEVER;
  }
  if (parsed.username !== '' || parsed.password !== '')
    addIssue({ message: 'must not contain a user name or password' });
  if (/[?#]/.test(dataset.value)) addIssue({ message: 'must not contain a query or a fragment' });
  return parsed.href;
});

export const withoutTrailingSlash = v.transform((value: string) => value.replace(/\/+$/, ''));

/** Segments that URLs and HTML do not escape; a dot segment would be resolved by clients. */
const BASE_PATH = /^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+)+$/;

export const basePath = v.pipe(
  text,
  v.regex(
    BASE_PATH,
    'must begin with / and not end with /, for example /cx; segments have only letters, digits and . _ ~ - and are not . or ..; without a path omit it',
  ),
);

export const databasePath = v.pipe(
  text,
  v.check((value) => value !== ':memory:', 'must be the path of a file: a database in memory is lost with the process'),
);

/** A file mode of permission bits, with or without the leading zero. Nothing runs these files, so no one may execute them. */
export const fileMode = v.pipe(
  text,
  checked(modeProblem),
  v.transform((value) => Number.parseInt(value, 8)),
);

function modeProblem(value: string): string | null {
  if (!/^0?[0-7]{3}$/.test(value)) return 'must be a file mode of three octal digits, for example 0600 or 0640';
  const mode = Number.parseInt(value, 8);
  if ((mode & 0o600) !== 0o600) return 'must let the owner read and write, for example 0600';
  if ((mode & 0o002) !== 0) return 'must not let every user write, for example 0640';
  return (mode & 0o111) === 0 ? null : 'must not have execute bits, for example 0640 instead of 0750';
}

export function wholeNumber(least: number, most: number) {
  const rule = `must be a whole number from ${least} to ${most}`;
  return numberIf(/^\d{1,15}$/, (value) => value >= least && value <= most, rule);
}

export function positiveNumber(most: number) {
  const rule = `must be a number above 0, at most ${most}; fractions are written with a point`;
  return numberIf(/^\d{1,15}(\.\d{1,15})?$/, (value) => value > 0 && value <= most, rule);
}

function numberIf(spelling: RegExp, fits: (value: number) => boolean, rule: string) {
  return v.pipe(text, v.regex(spelling, rule), v.transform(Number), v.check(fits, rule));
}

export const secrets = v.rawTransform<string, [string, ...string[]]>(({ dataset, addIssue, NEVER }) => {
  const [first, ...others] = items(dataset.value);
  for (const [index, secret] of [first, ...others].entries()) {
    if (secret.length < MIN_SECRET_LENGTH) {
      addIssue({
        message: `secret ${index + 1} has fewer than ${MIN_SECRET_LENGTH} characters; lengthen it (a comma separates two secrets)`,
      });
    }
  }
  return first.length < MIN_SECRET_LENGTH ? NEVER : [first, ...others];
});

/** Entries separated by commas. `read` returns the entry, or a message that does not contain its text. */
export function entries<T extends object>(read: (item: string, earlier: readonly T[]) => T | string) {
  return v.rawTransform<string, T[]>(({ dataset, addIssue }) => {
    const found: T[] = [];
    for (const [index, item] of items(dataset.value).entries()) {
      const entry = read(item, found);
      if (typeof entry === 'string') addIssue({ message: `entry ${index + 1} ${entry}` });
      else found.push(entry);
    }
    return found;
  });
}

export const keys = (least: number) =>
  entries<Key>((item, earlier) => {
    const colon = item.indexOf(':');
    const [name, key] = [item.slice(0, Math.max(colon, 0)), item.slice(colon + 1)];
    if (earlier.some((one) => one.key === key)) return 'has the key of an earlier entry; give it one of its own';
    return keyProblem(colon, name, key, least) ?? { name, key };
  });

function keyProblem(colon: number, name: string, key: string, least: number): string | null {
  if (colon < 0) return 'is not written name:key';
  if (!KEY_NAME.test(name))
    return 'needs a name of 1 to 64 letters, digits, dots, underscores or hyphens before the colon';
  if (key.length < least) return `has a key of fewer than ${least} characters; lengthen it`;
  if (!KEY_TEXT.test(key)) return 'has a key with a character that is not visible ASCII; replace it';
  return null;
}

/** Texts separated by commas. `problemOf` returns a message that does not contain the text, or null. */
export function texts(problemOf: (item: string) => string | null) {
  return v.rawTransform<string, string[]>(({ dataset, addIssue }) => {
    const found = items(dataset.value);
    for (const [index, item] of found.entries()) {
      const problem = problemOf(item);
      if (problem !== null) addIssue({ message: `entry ${index + 1} ${problem}` });
    }
    return found;
  });
}

/** Names of members in JSON. */
export const names = texts((name) =>
  FIELD_NAME.test(name) ? null : 'must be a name of 2 to 128 characters without spaces, quotes, colons and slashes',
);

export function items(list: string): [string, ...string[]] {
  const [first = '', ...others] = list.split(',').map((item) => item.trim());
  return [first, ...others];
}
