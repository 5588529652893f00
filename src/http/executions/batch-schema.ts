// What an app may send as a batch: its submissions, and whether they belong together.

import * as v from 'valibot';
import { isJsonObject, type Json } from '../../execution/json.ts';
import { type Validated, validate } from '../request/validate.ts';

const MAX_ITEMS = 1000;

const LIST_RULE = `must be a list of 1 to ${MAX_ITEMS} submissions`;

/** What the items may be is checked one by one: a bad one is refused alone. */
export const BATCH = v.object({
  executions: v.pipe(
    v.array(v.unknown(), LIST_RULE),
    v.minLength(1, ({ input }) => count(input.length)),
    v.maxLength(MAX_ITEMS, ({ input }) => count(input.length)),
    v.description('The submissions, each as it could be sent alone. Each gets its own answer, in this order.'),
  ),
  atomic: v.optional(
    v.pipe(
      v.boolean('must be true or false'),
      v.description('Accept all of them, or none as soon as one cannot be accepted.'),
    ),
    false,
  ),
});

export interface BatchBody {
  readonly executions: readonly Json[];
  readonly atomic: boolean;
}

export function parseBatch(body: Json): Validated<BatchBody> {
  if (!isJsonObject(body)) return { valid: false, errors: [{ pointer: '#', detail: 'must be a JSON object' }] };
  const validated = validate(BATCH, body);
  if (!validated.valid) return validated;
  const { executions, atomic } = validated.value;
  return { valid: true, value: { executions: executions as Json[], atomic } };
}

function count(length: number): string {
  return `${LIST_RULE}; these are ${length}`;
}
