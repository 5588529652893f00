// What a batch of submissions is answered, item by item.

import * as v from 'valibot';
import { EXECUTION } from './execution.ts';
import { count } from './parts.ts';

const ACCEPTED_ITEM = v.object({
  status: v.pipe(
    v.picklist([202, 200]),
    v.metadata({
      type: 'integer',
      description: '202: accepted. 200: its correlationId was sent before, with the same body.',
    }),
  ),
  execution: EXECUTION,
  replayed: v.exactOptional(
    v.pipe(v.literal(true), v.description('There when nothing new was accepted (status 200).')),
  ),
});

/** `problem`: the schema of any problem, which the table of problems makes. */
export function batchSchemas<P extends v.GenericSchema>(problem: P) {
  const refused = v.object({
    status: v.pipe(v.number(), v.metadata({ type: 'integer', minimum: 400, description: 'That of the problem.' })),
    problem,
  });
  const answer = v.object({
    items: v.pipe(v.array(v.union([ACCEPTED_ITEM, refused])), v.description('In the order in which they were sent.')),
    accepted: count('How many were accepted, now or before.'),
    refused: count('How many were not.'),
  });
  return { AcceptedItem: ACCEPTED_ITEM, RefusedItem: refused, BatchAnswer: answer };
}
