// The schema of a batch of submissions, whose items are validated one by one.

import * as v from 'valibot';
import { isJsonObject, type Json } from '../../execution/json.ts';
import { closed, component, reference } from '../openapi/components.ts';
import type { Schema } from '../openapi/model.ts';
import { described } from '../openapi/schema-parts.ts';
import { NOT_AN_OBJECT, type Validated, validate } from '../request/validate.ts';
import { pointerTo } from '../response/problem.ts';
import { SUBMISSION } from './submission-schema.ts';

const MAX_ITEMS = 1000;
const LIST_RULE = `must be a list of 1 to ${MAX_ITEMS} submissions`;

/** Items are validated one by one, so that an invalid item is refused alone. */
export const BATCH = component(
  'Batch',
  v.object({
    executions: v.pipe(
      v.array(v.unknown(), LIST_RULE),
      v.minLength(1, ({ input }) => countRule(input.length)),
      v.maxLength(MAX_ITEMS, ({ input }) => countRule(input.length)),
      v.description('The submissions. Each gets its own result, in this order.'),
    ),
    atomic: v.optional(
      described(v.boolean('must be true or false'), 'Accept all submissions, or none if one cannot be accepted.'),
      false,
    ),
  }),
  (batch) => {
    const { executions, ...fields } = batch['properties'] as { readonly [name: string]: Schema };
    return closed({ ...batch, properties: { executions: { ...executions, items: reference(SUBMISSION) }, ...fields } });
  },
);

export function parseBatch(body: Json): Validated<{ readonly executions: readonly Json[]; readonly atomic: boolean }> {
  if (!isJsonObject(body)) return NOT_AN_OBJECT;
  const validated = validate(BATCH, body);
  if (!validated.valid) return validated;
  const { executions, atomic } = validated.value;
  return { valid: true, value: { executions: executions as Json[], atomic } };
}

export function itemPointer(index: number, ...path: readonly string[]): string {
  return pointerTo('executions', String(index), ...path);
}

function countRule(length: number): string {
  return `${LIST_RULE}; these are ${length}`;
}
