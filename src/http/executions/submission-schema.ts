// The schema of a submission: every field with its rule and its default.

import * as v from 'valibot';
import type { Cxone } from '../../cxone/port.ts';
import { DEFAULT_PRIORITY } from '../../execution/execution.ts';
import { isJsonObject, type Json, type JsonObject, scalarText } from '../../execution/json.ts';
import type { SubmissionRequest } from '../../usecases/submission-request.ts';
import { closed, component } from '../openapi/components.ts';
import { described } from '../openapi/schema-parts.ts';
import { IDENTIFIER, IDENTIFIER_RULE } from '../request/identifier.ts';
import { NOT_AN_OBJECT, type Validated, validate } from '../request/validate.ts';
import { type FieldError, pointerTo } from '../response/problem.ts';

const MAX_URL_CHARS = 2048;
const OBJECT_RULE = 'must be a JSON object';
// The parser would put up with spaces, line breaks and missing slashes. JSON Schema knows no flag for the case of the scheme.
const NOTIFY_URL = /^[Hh][Tt][Tt][Pp][Ss]?:\/\/[^/?#@\s\\]+(?:[/?#\\]\S*)?$/;
const UNICODE_RULE = 'contains half of a surrogate pair, which is not valid Unicode';

const name = v.pipe(v.string(IDENTIFIER_RULE), v.regex(IDENTIFIER, IDENTIFIER_RULE));

// A custom check hands the very same object on: a schema that copies would lose a member called __proto__.
const payload = v.custom<JsonObject>(
  (value) => isJsonObject(value) && isUnicode(value),
  ({ input }) => (isJsonObject(input) ? UNICODE_RULE : OBJECT_RULE),
);

/** Also what the OpenAPI document is made of: what JSON Schema cannot read off a field's rule stands in its metadata. */
export const SUBMISSION = component(
  'Submission',
  v.object({
    actionId: v.pipe(
      name,
      v.metadata({ description: 'The Data Action to run, by its id in CXone.', examples: ['charge-card'] }),
    ),
    inputs: v.optional(
      v.pipe(
        payload,
        v.metadata({
          type: 'object',
          additionalProperties: true,
          default: {},
          description: 'The inputs of the Data Action, passed on as they are.',
        }),
      ),
    ),
    context: v.optional(
      v.pipe(
        payload,
        v.metadata({
          type: 'object',
          properties: { callbackUrl: false },
          additionalProperties: true,
          default: {},
          description:
            'The context, passed on as it is. The receiver adds `callbackUrl` to it, so that one is refused.',
        }),
      ),
    ),
    correlationId: v.optional(
      v.pipe(
        name,
        v.metadata({
          description: 'Your id for the execution, unique among all of them. A UUIDv7 when it is left out.',
          examples: ['order-4711'],
        }),
      ),
    ),
    timeoutSeconds: v.optional(
      integer(5, 120, 'How long CXone is polled at most when no callback came within the grace period.'),
      30,
    ),
    graceSeconds: v.optional(
      integer(0, 86_400, 'How long to wait for the callback before polling. GRACE_SECONDS when it is left out.'),
    ),
    retryUncertain: v.optional(
      described(
        v.boolean('must be true or false'),
        'Whether to send it again when CXone may have received it already, so that it may run twice.',
      ),
      false,
    ),
    priority: v.optional(
      integer(0, 9, 'Of the executions of your app those with the higher number are sent to CXone first.'),
      DEFAULT_PRIORITY,
    ),
    notifyUrl: v.optional(
      v.pipe(
        v.custom<string>(
          isNotifyUrl,
          `must be an absolute http or https URL of at most ${MAX_URL_CHARS} characters, without user name and password`,
        ),
        v.metadata({
          type: 'string',
          maxLength: MAX_URL_CHARS,
          pattern: NOTIFY_URL.source,
          description:
            'Where to post what became of it: https, unless configuration allows the host otherwise, without user name and password. The default of your app when it is left out.',
          examples: ['https://hooks.example/executions'],
        }),
      ),
    ),
  }),
  closed,
);

export interface SubmissionChecks {
  /** What is wrong with a notifyUrl as one of the app that sent it; null when nothing is. */
  readonly notifyProblem: (url: string) => string | null;
  readonly unsupportedParts: Cxone['unsupportedParts'];
}

/** Validates what needs no configuration; see {@link refusalOfSubmission}. */
export function parseSubmission(body: Json): Validated<SubmissionRequest> {
  if (!isJsonObject(body)) return NOT_AN_OBJECT;
  const validated = validate(SUBMISSION, body);
  const errors = [...(validated.valid ? [] : validated.errors), ...reservedFields(body['context'])];
  if (!validated.valid || errors.length > 0) return { valid: false, errors };
  const { inputs = {}, context = {}, correlationId = null, graceSeconds = null, notifyUrl = null } = validated.value;
  const { actionId, timeoutSeconds, retryUncertain, priority } = validated.value;
  const named = { actionId, inputs, context, correlationId, timeoutSeconds, graceSeconds };
  return { valid: true, value: { ...named, retryUncertain, priority, notifyUrl } };
}

/** Returns why the configuration does not allow a valid submission; empty if it does. */
export async function refusalOfSubmission(
  { actionId, inputs, context, notifyUrl }: SubmissionRequest,
  { notifyProblem, unsupportedParts }: SubmissionChecks,
): Promise<FieldError[]> {
  const refusal = notifyUrl === null ? null : notifyProblem(notifyUrl);
  if (refusal !== null) return [{ pointer: pointerTo('notifyUrl'), detail: refusal }];
  const misfits = await unsupportedParts({ actionId, inputs, context });
  return misfits.map(({ pointer, detail }) => ({ pointer: `#${pointer}`, detail }));
}

function reservedFields(context: Json | undefined): FieldError[] {
  if (!isJsonObject(context) || !Object.hasOwn(context, 'callbackUrl')) return [];
  return [{ pointer: pointerTo('context', 'callbackUrl'), detail: 'is set by the receiver; leave it out' }];
}

function integer(min: number, max: number, description: string) {
  const rule = `must be an integer from ${min} to ${max}`;
  const whole = (value: number) => Number.isInteger(value) && value >= min && value <= max;
  // The parser returns a number in unusual notation, for example 3e1, as raw text.
  const said = v.metadata({ type: 'integer', minimum: min, maximum: max, description });
  return v.pipe(v.unknown(), said, v.transform(plainNumber), v.number(rule), v.check(whole, rule));
}

function plainNumber(value: unknown): unknown {
  return typeof value === 'object' && value !== null && JSON.isRawJSON(value) ? Number(scalarText(value)) : value;
}

function isNotifyUrl(value: unknown): boolean {
  if (typeof value !== 'string' || value.length > MAX_URL_CHARS) return false;
  if (!NOTIFY_URL.test(value) || !URL.canParse(value)) return false;
  const { username, password } = new URL(value);
  return username === '' && password === '';
}

/** Whether all strings in it are well-formed, as the canonical form (RFC 8785) and UTF-8 need. */
function isUnicode(value: Json): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (value === null || typeof value !== 'object') return true;
  if (Array.isArray(value)) return value.every(isUnicode);
  return Object.keys(value).every((key) => key.isWellFormed() && isUnicode(value[key] ?? null));
}
