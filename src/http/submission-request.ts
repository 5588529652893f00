// What an app may send as a submission: every field, its rule and its default.

import * as v from 'valibot';
import { DEFAULT_PRIORITY } from '../execution/execution.ts';
import { isJsonObject, type Json, type JsonObject, scalarText } from '../execution/json.ts';
import type { SubmissionRequest } from '../submit.ts';
import { NAME, NAME_RULE } from './names.ts';
import { type FieldError, pointerTo } from './problems.ts';
import { type Validated, validate } from './validation.ts';

const MAX_URL_CHARS = 2048;
const OBJECT_RULE = 'must be a JSON object';
const UNICODE_RULE = 'holds a string with half of a surrogate pair, which is no Unicode text';

const name = v.pipe(v.string(NAME_RULE), v.regex(NAME, NAME_RULE));

// A custom check hands the very same object on: a schema that copies would lose a member called __proto__.
const payload = v.custom<JsonObject>(
  (value) => isJsonObject(value) && isUnicode(value),
  ({ input }) => (isJsonObject(input) ? UNICODE_RULE : OBJECT_RULE),
);

const SUBMISSION = v.object({
  actionId: name,
  inputs: v.optional(payload),
  context: v.optional(payload),
  correlationId: v.optional(name),
  timeoutSeconds: v.optional(integer(5, 120), 30),
  graceSeconds: v.optional(integer(0, 86_400)),
  retryUncertain: v.optional(v.boolean('must be true or false'), false),
  priority: v.optional(integer(0, 9), DEFAULT_PRIORITY),
  notifyUrl: v.optional(
    v.custom<string>(
      isNotifyUrl,
      `must be an absolute http or https URL of at most ${MAX_URL_CHARS} characters, without user name and password`,
    ),
  ),
});

export function parseSubmission(body: Json): Validated<SubmissionRequest> {
  if (!isJsonObject(body)) return { valid: false, errors: [{ pointer: '#', detail: OBJECT_RULE }] };
  const validated = validate(SUBMISSION, body);
  const errors = [...(validated.valid ? [] : validated.errors), ...reservedFields(body['context'])];
  if (!validated.valid || errors.length > 0) return { valid: false, errors };
  const { inputs = {}, context = {}, correlationId = null, graceSeconds = null, notifyUrl = null } = validated.value;
  const { actionId, timeoutSeconds, retryUncertain, priority } = validated.value;
  const named = { actionId, inputs, context, correlationId, timeoutSeconds, graceSeconds };
  return { valid: true, value: { ...named, retryUncertain, priority, notifyUrl } };
}

function reservedFields(context: Json | undefined): FieldError[] {
  if (!isJsonObject(context) || !Object.hasOwn(context, 'callbackUrl')) return [];
  return [{ pointer: pointerTo('context', 'callbackUrl'), detail: 'is set by the receiver; leave it out' }];
}

function integer(min: number, max: number) {
  const rule = `must be an integer from ${min} to ${max}`;
  const whole = (value: number) => Number.isInteger(value) && value >= min && value <= max;
  // A number written unusually, such as 3e1, comes from the parser as its own text.
  return v.pipe(v.unknown(), v.transform(plainNumber), v.number(rule), v.check(whole, rule));
}

function plainNumber(value: unknown): unknown {
  return typeof value === 'object' && value !== null && JSON.isRawJSON(value) ? Number(scalarText(value)) : value;
}

function isNotifyUrl(value: unknown): boolean {
  if (typeof value !== 'string' || value.length > MAX_URL_CHARS) return false;
  // The parser would put up with spaces, line breaks and missing slashes.
  if (!/^https?:\/\/[^/\s\\]\S*$/i.test(value) || !URL.canParse(value)) return false;
  const { username, password } = new URL(value);
  return username === '' && password === '';
}

/** Whether all strings in it are well-formed, as the canonical form (RFC 8785) and UTF-8 need. */
function isUnicode(value: Json): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (value === null || typeof value !== 'object') return true;
  if (Array.isArray(value)) return value.every(isUnicode);
  return Object.entries(value).every(([key, member]) => key.isWellFormed() && isUnicode(member));
}
