// Orders of operators that only the leader can carry out: given at any receiver, through a row of the database.

import type { Json, JsonObject } from '../../execution/json.ts';
import { type Log, reasonOf } from '../../lib/log.ts';
import type { Work } from '../../lib/loop.ts';
import type { World } from '../../lib/world.ts';
import { type LeaderOrders, NoLeader, type Order, OrderUnconfirmed } from '../../store/leader-port.ts';
import { UnknownOrder } from './shared-forms.ts';

/** How often the leader looks for orders, and who gave one for its result, in milliseconds. */
const LOOK_EVERY_MS = 100;
const ASK_EVERY_MS = 25;
/** How long an order waits for a leader, and how long one that was taken may take, in milliseconds. */
const UNTAKEN_MS = 5_000;
const UNDONE_MS = 10_000;

/** How the failure of an order that a leader does not know begins, in every version. */
const UNKNOWN = 'this version of the receiver does not know';

/** Carries out one kind of order, and returns its result, if it has one. @throws {UnknownOrder} if the body is that of another version */
export type OrderHandler = (body: JsonObject) => Json | void | Promise<void>;

export interface OrderTools {
  readonly orders: LeaderOrders;
  readonly world: Pick<World, 'elapsed' | 'sleep'>;
}

/**
 * Has the leader carry out an order, and returns its result.
 * @throws {NoLeader} if no receiver leads, or if the one that leads has another version and does not know it: nothing was done
 * @throws {OrderUnconfirmed} if the leader ends meanwhile or fails, so that it may have been done
 */
export async function haveDone({ orders, world }: OrderTools, kind: string, body: JsonObject): Promise<Json> {
  const id = await orders.give(kind, body);
  const began = world.elapsed();
  for (;;) {
    const found = await orders.stateOf(id);
    if (found?.state === 'done') return resultOf(found.result);
    const waitedMs = world.elapsed() - began;
    if (found?.state === 'waiting' && waitedMs >= UNTAKEN_MS && (await orders.withdraw(id))) {
      throw new NoLeader('no receiver leads at the moment, so that nothing was done');
    }
    // promise: taken-order-is-not-refused
    if (found === undefined || waitedMs >= UNDONE_MS) {
      throw new OrderUnconfirmed('the receiver that leads has not confirmed that it was done');
    }
    await world.sleep(ASK_EVERY_MS);
  }
}

/** Carries out orders as the leader. @param done is called after each round with orders, before their results are stored */
export function createOrderWork(
  orders: LeaderOrders,
  handlers: Readonly<Record<string, OrderHandler>>,
  done: () => Promise<void>,
  log: Log,
): Work {
  async function carryOut({ id, kind, body }: Order): Promise<{ readonly id: number; readonly result: Json }> {
    const handler = handlers[kind];
    const unknown = { id, result: { failed: `${UNKNOWN} "${kind}"` } };
    if (handler === undefined) return unknown;
    try {
      return { id, result: { done: (await handler(body)) ?? null } };
    } catch (error) {
      if (error instanceof UnknownOrder) return unknown;
      log.error({ order: kind, reason: reasonOf(error) }, 'an order of an operator at another receiver failed');
      return { id, result: { failed: reasonOf(error) } };
    }
  }

  return async () => {
    const taken = await orders.take();
    if (taken.length === 0) return LOOK_EVERY_MS;
    const results = await Promise.all(taken.map(carryOut));
    // What the order changed is shown at all receivers when its result is.
    await done();
    for (const { id, result } of results) await orders.end(id, result);
    return 0;
  };
}

function resultOf(result: Json): Json {
  const { done, failed } = result as { readonly done?: Json; readonly failed?: string };
  // promise: order-of-another-version
  if (failed?.startsWith(UNKNOWN)) throw new NoLeader('the receiver that leads has another version: nothing was done');
  if (failed !== undefined) throw new OrderUnconfirmed(`the receiver that leads could not do it: ${failed}`);
  return done ?? null;
}
