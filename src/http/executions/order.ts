// The body of an order of an administrator: the reason, which the audit trail records together with the name.

import type { Context } from 'hono';
import * as v from 'valibot';
import type { Execution } from '../../execution/execution.ts';
import type { Json } from '../../execution/json.ts';
import type { Order } from '../../store/erasure-port.ts';
import { callerName, type Identity } from '../middleware/identity.ts';
import { closed, component } from '../openapi/components.ts';
import { createExecutionFinder, unknownExecution } from '../request/find-execution.ts';
import { onBody } from '../request/read-json.ts';
import { type Validated, validateObject } from '../request/validate.ts';

const MAX_REASON_CHARS = 500;
const REASON_RULE = `must be a text of 1 to ${MAX_REASON_CHARS} characters, for example the number of the request`;

export const REASON = v.pipe(
  v.string(REASON_RULE),
  v.regex(/\S/, REASON_RULE),
  v.maxLength(MAX_REASON_CHARS, REASON_RULE),
  v.description('Why. The audit trail keeps it, so it should not contain what is to be erased.'),
);

export const ORDER = component('Order', v.object({ reason: REASON }), closed);

export const ORDER_EXAMPLE = { reason: 'Art. 17 GDPR, request 4711' };

/** Acts on one execution by an order. */
export type ActionByOrder = (
  execution: Pick<Execution, 'reference' | 'correlationId'>,
  order: Order,
) => Promise<Response>;

/** Returns a handler that acts on the execution in the path, by an order with a reason. */
export function onOrder(
  store: Parameters<typeof createExecutionFinder>[0],
  act: ActionByOrder,
): (c: Context, caller: Identity) => Promise<Response> {
  const find = createExecutionFinder(store);
  return onBody(parseOrder, async ({ reason }, c, caller) => {
    const found = await find(c, caller);
    return found === undefined ? unknownExecution() : act(found, { by: callerName(caller), reason });
  });
}

/** Returns the order of a caller for this reason. */
export function orderOf(reason: string | null, caller: Identity): Validated<Order> {
  const order = parseOrder({ reason });
  return order.valid ? { valid: true, value: { by: callerName(caller), reason: order.value.reason } } : order;
}

function parseOrder(body: Json): Validated<v.InferOutput<typeof ORDER>> {
  return validateObject(ORDER, body);
}
