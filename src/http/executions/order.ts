// The body of an order of an administrator: the reason, which the audit trail records together with the name.

import * as v from 'valibot';
import type { Execution } from '../../execution/execution.ts';
import { isJsonObject, type Json } from '../../execution/json.ts';
import type { Order } from '../../store/erasure-port.ts';
import { callerName, type Identity } from '../middleware/identity.ts';
import { closed, component } from '../openapi/components.ts';
import { readJsonBody } from '../request/read-json.ts';
import { NOT_AN_OBJECT, type Validated, validate } from '../request/validate.ts';
import { invalidInput } from '../response/problem.ts';

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

export type OrderBody =
  | { readonly type: 'read'; readonly order: Order }
  | { readonly type: 'refused'; readonly response: Response };

export async function readOrder(request: Request, caller: Identity): Promise<OrderBody> {
  const body = await readJsonBody(request);
  if (body.type === 'refused') return body;
  const order = parseOrder(body.value);
  if (!order.valid) return { type: 'refused', response: invalidInput(order.errors) };
  return { type: 'read', order: { by: callerName(caller), reason: order.value.reason } };
}

/** Holds or releases. Returns undefined for an unknown execution. */
export type OrderedHold = (
  execution: Pick<Execution, 'reference' | 'correlationId'>,
  order: Order,
) => Promise<Execution | undefined>;

/** Returns the order of a caller for this reason. */
export function orderOf(reason: string | null, caller: Identity): Validated<Order> {
  const order = parseOrder({ reason });
  return order.valid ? { valid: true, value: { by: callerName(caller), reason: order.value.reason } } : order;
}

function parseOrder(body: Json): Validated<v.InferOutput<typeof ORDER>> {
  return isJsonObject(body) ? validate(ORDER, body) : NOT_AN_OBJECT;
}
