// The rows through which receivers reach the one that leads.

import type { Json, JsonObject } from '../../../execution/json.ts';
import type { LeaderChannel, LeaderOrders, LeaderState, Order, Reports } from '../../leader-port.ts';
import type { Reads } from '../../shared/reads.ts';
import type { Session } from '../connection/session.ts';

/** An order and its result are kept for this long. */
const ORDER_MINUTES = 10;

const PUBLISH = `INSERT INTO leader_state (id, at, state) VALUES (1, clock_timestamp(), $1)
  ON CONFLICT (id) DO UPDATE SET at = excluded.at, state = excluded.state`;

// promise: postgres/state-of-an-ended-leader
const PUBLISHED = `SELECT state FROM leader_state WHERE at >= clock_timestamp() - make_interval(secs => $1)`;

/** By the leader alone. Behind a leader that has not handed over there is nothing to take. */
// promise: postgres/hand-over-counts-once
const TAKE_HAND_OVER = `WITH taken AS (
    UPDATE leadership SET handed_over_term = NULL WHERE id = 1 AND handed_over_term = term - 1 RETURNING id
  ) SELECT to_json(EXISTS (SELECT 1 FROM taken))`;

const GIVE = `WITH old AS (
    DELETE FROM leader_orders WHERE given_at < clock_timestamp() - make_interval(mins => ${ORDER_MINUTES})
  ) INSERT INTO leader_orders (given_at, kind, body) VALUES (clock_timestamp(), $1, $2) RETURNING id`;

const STATE_OF = `SELECT CASE WHEN done_at IS NOT NULL THEN 'done' WHEN taken_at IS NOT NULL THEN 'taken' ELSE 'waiting' END AS state,
  result FROM leader_orders WHERE id = $1`;

// promise: postgres/taken-order-is-not-withdrawn
const WITHDRAW = 'DELETE FROM leader_orders WHERE id = $1 AND taken_at IS NULL RETURNING id';

const TAKE = `WITH taken AS (
    UPDATE leader_orders SET taken_at = clock_timestamp() WHERE taken_at IS NULL RETURNING id, kind, body
  ) SELECT * FROM taken ORDER BY id`;

const END = 'UPDATE leader_orders SET done_at = clock_timestamp(), result = $2 WHERE id = $1';

const SAVE = `WITH old AS (
    DELETE FROM reconciliation_reports WHERE id <= (
      SELECT id FROM reconciliation_reports WHERE id <> $1 ORDER BY id DESC OFFSET $4::integer - 1 LIMIT 1)
  ) INSERT INTO reconciliation_reports (id, has_ended, report) VALUES ($1, $2, $3)
  ON CONFLICT (id) DO UPDATE SET has_ended = excluded.has_ended, report = excluded.report`;

const FIND = 'SELECT report FROM reconciliation_reports WHERE id = $1';

const RUNNING = 'SELECT report FROM reconciliation_reports WHERE NOT has_ended ORDER BY id';

/** @param queries a connection with `SIDE_SETTINGS`: what a crash of the server loses is published or ordered again */
export function createLeaderChannel(queries: Reads, session: Pick<Session, 'writeAsLeader'>): LeaderChannel {
  const state: LeaderState = {
    publish: async (published) => void (await queries.all(PUBLISH, [JSON.stringify(published)])),
    published: async (maxAgeMs) =>
      (await queries.first<{ state: JsonObject }>(PUBLISHED, [maxAgeMs / 1000]))?.state ?? null,
    takeHandOver: () => session.writeAsLeader<boolean>(TAKE_HAND_OVER, {}),
  };
  const orders: LeaderOrders = {
    give: async (kind, body) => {
      const row = await queries.first<{ id: number }>(GIVE, [kind, JSON.stringify(body)]);
      if (row === undefined) throw new Error('an order was not stored');
      return row.id;
    },
    stateOf: (id) => queries.first<{ state: 'done'; result: Json }>(STATE_OF, [id]),
    withdraw: async (id) => (await queries.first(WITHDRAW, [id])) !== undefined,
    // promise: postgres/order-is-taken-once
    take: () => queries.all<Order>(TAKE, [], 'take_orders'),
    end: async (id, result) => void (await queries.all(END, [id, JSON.stringify(result)])),
  };
  const reports: Reports = {
    save: async ({ id, hasEnded, report }, keep) =>
      void (await queries.all(SAVE, [id, hasEnded, JSON.stringify(report), keep])),
    find: async (id) => (await queries.first<{ report: JsonObject }>(FIND, [id]))?.report,
    running: async () => (await queries.all<{ report: JsonObject }>(RUNNING)).map(({ report }) => report),
  };
  return { state, orders, reports };
}
