// The variables for the operators' webhook, which receives incidents.

import * as v from 'valibot';
import { OPERATORS } from '../webhooks/port.ts';
import { secretProblem } from '../webhooks/signature.ts';
import { createUrlPolicy } from '../webhooks/url-policy.ts';
import { checked, secret, text, texts } from './fields.ts';

const MAX_URL_CHARS = 2048;

/** Services for pagers put a key into the path or the query, so that the URL is a secret. */
const webhookUrl = v.pipe(text, checked(urlProblem));

const signingSecrets = v.pipe(text, texts(secretProblem));

export const INCIDENT_WEBHOOK_VARIABLES = {
  INCIDENT_WEBHOOK_URL: v.optional(secret(webhookUrl)),
  INCIDENT_WEBHOOK_SECRET: v.optional(secret(signingSecrets)),
};

type IncidentWebhookEnvironment = v.InferOutput<v.ObjectSchema<typeof INCIDENT_WEBHOOK_VARIABLES, undefined>>;

/** Returns its URL, and its secrets with the newest first. Null: no webhook receives incidents. */
export function incidentWebhookOf(env: IncidentWebhookEnvironment) {
  const { INCIDENT_WEBHOOK_URL: url, INCIDENT_WEBHOOK_SECRET: secrets } = env;
  return url === undefined || secrets === undefined ? null : { url, secrets };
}

function urlProblem(text: string): string | null {
  if (text.length > MAX_URL_CHARS) return `must have at most ${MAX_URL_CHARS} characters`;
  if (!/^https?:\/\/[^/?#@\s\\]+(?:[/?][^#\s]*)?$/i.test(text) || !URL.canParse(text)) {
    return 'must be an absolute URL that begins with http:// or https://, without user name, password and fragment';
  }
  return createUrlPolicy([{ app: OPERATORS, origin: new URL(text).origin }]).check(OPERATORS, text);
}
