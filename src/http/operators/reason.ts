// The reason that an operator may give for an action: in the body of the request, or in the form of a page.

import * as v from 'valibot';
import { REASON } from '../executions/order.ts';
import type { Identity } from '../middleware/identity.ts';
import { closed, component, jsonContent } from '../openapi/components.ts';
import { readJsonBody } from '../request/read-json.ts';
import { type Validated, validate, validateObject } from '../request/validate.ts';
import { invalidInput } from '../response/problem.ts';

export const OPTIONAL_REASON = v.exactOptional(REASON);

const REASONED = component('Reasoned', v.object({ reason: OPTIONAL_REASON }), closed);

/** The body of an action without other input. */
export const REASON_BODY = {
  required: false,
  content: jsonContent(REASONED, { reason: { reason: 'CXone confirmed the outage, ticket 4711' } }),
} as const;

/** Reads the optional body, or returns the response that refuses it. What an app sends is ignored: its actions need no reason. */
export async function readReason(request: Request, caller: Identity): Promise<string | null | Response> {
  const { headers } = request;
  const isEmpty = Number(headers.get('content-length') ?? 0) === 0 && !headers.has('transfer-encoding');
  if (caller.kind === 'app' || isEmpty) return null;
  const body = await readJsonBody(request);
  if (body instanceof Response) return body;
  const reasoned = validateObject(REASONED, body);
  return reasoned.valid ? (reasoned.value.reason ?? null) : invalidInput(reasoned.errors);
}

/** Returns the reason of a form; null if its field is empty. */
export function reasonIn(form: URLSearchParams): Validated<string | null> {
  const given = form.get('reason')?.trim() ?? '';
  if (given === '') return { valid: true, value: null };
  const reasoned = validate(REASONED, { reason: given });
  return reasoned.valid ? { valid: true, value: reasoned.value.reason ?? null } : reasoned;
}
