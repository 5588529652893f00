// The variables for the URLs of notifications, the allowed origins and the signing secrets.

import * as v from 'valibot';
import { type AppSecret, secretProblem } from '../webhooks/signature.ts';
import { type AllowedOrigin, createUrlPolicy, parseOrigin } from '../webhooks/url-policy.ts';
import { entries, KEY_NAME, type Key, secret, text, url, withoutTrailingSlash } from './fields.ts';

/** The URL for submissions of an app without notifyUrl. */
export interface AppUrl {
  readonly app: string;
  readonly url: string;
}

const MAX_URL_CHARS = 2048;
/** No notification is larger (MAX_RESULT_BYTES). */
const MAX_BODY_BYTES = 67_108_864;

/** Pairs `app:value`, separated by commas. `read` returns the pair, or a message that does not contain the value. */
export function pairs<T extends object>(
  shape: string,
  read: (app: string, value: string, earlier: readonly T[]) => T | string,
) {
  return v.pipe(
    text,
    entries<T>((item, earlier) => {
      const colon = item.indexOf(':');
      const [app, value] = [item.slice(0, Math.max(colon, 0)), item.slice(colon + 1)];
      return colon < 0 || value === '' ? `is not written ${shape}` : read(app, value, earlier);
    }),
  );
}

export const APP_NAME_RULE = 'needs the name of an app before the colon';

const urls = pairs<AppUrl>('app:url', (app, value, earlier) => {
  if (!KEY_NAME.test(app)) return APP_NAME_RULE;
  if (earlier.some((one) => one.app === app)) return 'is the second of its app; give each app one';
  if (value.length > MAX_URL_CHARS) return `has a URL of more than ${MAX_URL_CHARS} characters`;
  if (!/^https?:\/\/[^/?#@\s\\]+(?:[/?#]\S*)?$/i.test(value) || !URL.canParse(value)) {
    return 'must have an absolute http or https URL, without user name and password, after the app';
  }
  return { app, url: value };
});

const allowedOrigins = pairs<AllowedOrigin>('app:origin', (app, value) => {
  if (app !== '*' && !KEY_NAME.test(app)) return 'needs the name of an app, or * for all of them, before the colon';
  const origin = parseOrigin(value);
  if (origin !== null) return { app, origin };
  return 'must have an origin after the app: https://hooks.example, https://*.example.com or http://crm.internal:8080';
});

const linkSizes = pairs<{ readonly app: string; readonly bytes: number }>('app:65536', (app, value, earlier) => {
  if (app !== '*' && !KEY_NAME.test(app)) return 'needs the name of an app, or * for all others, before the colon';
  if (earlier.some((one) => one.app === app)) return 'is the second of its app; give each app one';
  if (/^\d{1,8}$/.test(value) && Number(value) <= MAX_BODY_BYTES) return { app, bytes: Number(value) };
  return `must have a whole number of bytes from 0 to ${MAX_BODY_BYTES} after the app`;
});

const appSecrets = pairs<AppSecret>('app:whsec_…', (app, secret, earlier) => {
  if (!KEY_NAME.test(app)) return APP_NAME_RULE;
  const problem = secretProblem(secret);
  if (problem !== null) return problem;
  if (earlier.some((one) => one.secret === secret)) return 'has the secret of an earlier entry; give it one of its own';
  return { app, secret };
});

export const NOTIFICATION_VARIABLES = {
  NOTIFY_URLS: v.optional(urls),
  NOTIFY_ALLOWED_HOSTS: v.optional(allowedOrigins),
  NOTIFY_SECRETS: v.optional(secret(appSecrets)),
  NOTIFY_LINK_ABOVE_BYTES: v.optional(linkSizes),
  NOTIFY_LINK_URL: v.optional(v.pipe(text, url, withoutTrailingSlash)),
};

type NotificationEnvironment = v.InferOutput<v.ObjectSchema<typeof NOTIFICATION_VARIABLES, undefined>>;

export function notificationsOf(env: NotificationEnvironment) {
  return {
    urls: env.NOTIFY_URLS ?? [],
    allowedOrigins: env.NOTIFY_ALLOWED_HOSTS ?? [],
    /** The first secret of an app is the newest. */
    secrets: env.NOTIFY_SECRETS ?? [],
    /** When notifications contain a link instead of the result. */
    links: {
      /** The longest body with the result, in bytes, by app; `*` for every other app. */
      aboveBytes: new Map((env.NOTIFY_LINK_ABOVE_BYTES ?? []).map(({ app, bytes }) => [app, bytes])),
      /** The base URL at which apps reach the receiver; null: PUBLIC_URL. */
      baseUrl: env.NOTIFY_LINK_URL ?? null,
    },
  };
}

/** Returns a message on the first entry of an app without a key, or null. */
export function appProblem(entries: readonly { readonly app: string }[] = [], apps: readonly Key[]): string | null {
  const index = entries.findIndex(({ app }) => app !== '*' && apps.every(({ name }) => name !== app));
  return index < 0 ? null : `entry ${index + 1} names an app that is not in APP_KEYS`;
}

/** Returns a message on the first URL that a submission of its app could not use, or null. */
export function urlProblem(entries: readonly AppUrl[] = [], origins: readonly AllowedOrigin[] = []): string | null {
  const rules = createUrlPolicy(origins);
  const index = entries.findIndex(({ app, url }) => rules.check(app, url) !== null);
  if (index < 0) return null;
  return `entry ${index + 1} has a URL that its app may not name; list its origin in NOTIFY_ALLOWED_HOSTS, or take a public https one`;
}
