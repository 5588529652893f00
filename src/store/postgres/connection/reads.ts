// Statements beside the writing session, on a few connections to the same host: reads, and writes that need no receipt.

import type { Client, QueryConfig } from 'pg';
import { reasonOf } from '../../../lib/log.ts';
import type { World } from '../../../lib/world.ts';
import { StoreUnavailable } from '../../port.ts';
import { type Reads, readsThrough } from '../../shared/reads.ts';
import { comparable } from '../storable-json.ts';
import { type ConnectOptions, connectWritable, NoWritableHost } from './connect.ts';
import { codeOf, isUnavailable, leavesInDoubt, READ_ONLY } from './errors.ts';
import { createKeptPlans, type KeptPlans, keptUnder } from './kept-plans.ts';

const MAX_CONNECTIONS = 4;

/** Time limit of a statement, in milliseconds: longer than any read takes on a busy server. */
const READ_MS = 60_000;

/**
 * Reads are planned for their values, with the cost of a page in memory. A plan for any value expects a third of all executions behind a
 * reference, or of an app: it reads whole tables for one page, and sorts the queue for one claim.
 */
// promise: postgres/reads-are-planned-for-their-values
const SETTINGS = { plan_cache_mode: 'auto', random_page_cost: '1.1' } as const;

/** For writes whose loss in a crash of the server does no harm: they do not wait for the disk. */
export const SIDE_SETTINGS = { synchronous_commit: 'off' } as const;

/** Idle time of a connection after which it is asked first whether it still leads to the server, and the time limit of that, in milliseconds. */
const IDLE_MS = 5_000;
const CHECK_MS = 2_000;

export interface ReadsOptions extends ConnectOptions {
  readonly world: Pick<World, 'elapsed'>;
  /** Maximum of connections; default: 4. */
  readonly connections?: number;
}

export interface ReadConnections extends Reads {
  /** Gives up all connections, because their host does not respond. What waits for a response is unavailable. */
  reset(): void;
  close(): Promise<void>;
}

interface Lane {
  client: Client | null;
  keptPlan: KeptPlans;
  /** Elapsed time of its last response. */
  usedAt: number;
}

// One function because its parts share the connections.
/** Each query waits for the next free connection. A connection that breaks is replaced by the next query. */
export function createReads({ connections = MAX_CONNECTIONS, world, ...options }: ReadsOptions): ReadConnections {
  const newLane = (): Lane => ({ client: null, keptPlan: createKeptPlans(), usedAt: 0 });
  const lanes = Array.from({ length: connections }, newLane);
  const free = [...lanes];
  const waiting: { readonly resolve: (lane: Lane) => void; readonly reject: (error: StoreUnavailable) => void }[] = [];
  const open = new Set<Client>();
  let closed = false;

  function take(): Promise<Lane> {
    // The lane that was used last is connected, and its server process is warm.
    const lane = free.pop();
    if (lane !== undefined) return Promise.resolve(lane);
    return new Promise((resolve, reject) => void waiting.push({ resolve, reject }));
  }

  function giveBack(lane: Lane): void {
    const next = waiting.shift();
    if (next === undefined) free.push(lane);
    else next.resolve(lane);
  }

  /** While there is no connection, each query that waits for one would try to connect in turn, for as long as all of that takes. */
  function refuseWaiting(reason: StoreUnavailable): void {
    if (lanes.some(({ client }) => client !== null)) return;
    for (const { reject } of waiting.splice(0)) reject(reason);
  }

  async function connected(lane: Lane): Promise<Client> {
    // promise: postgres/idle-connection-is-asked-first
    if (lane.client !== null && world.elapsed() - lane.usedAt >= IDLE_MS) await check(lane, lane.client);
    if (lane.client !== null) return lane.client;
    const { client } = await connectWritable({
      ...{ limitMs: READ_MS, ...options },
      settings: { ...SETTINGS, ...options.settings },
    });
    lane.client = client;
    lane.keptPlan = createKeptPlans();
    open.add(client);
    client.on('end', () => drop(lane, client));
    return client;
  }

  /** A proxy or a firewall may have lost it without a word. The query would wait for its time limit. */
  async function check(lane: Lane, client: Client): Promise<void> {
    try {
      // A time limit of its own, which the types of the package lack.
      const query: QueryConfig & { query_timeout: number } = { text: 'SELECT 1', query_timeout: CHECK_MS };
      await client.query(query);
    } catch (error) {
      options.log.debug(() => ({ reason: reasonOf(error) }), 'an idle connection was lost');
      drop(lane, client);
    }
  }

  function drop(lane: Lane, client: Client): void {
    if (lane.client === client) lane.client = null;
    if (open.delete(client)) void client.end().catch(() => {});
  }

  function failureOf(error: unknown, lane: Lane): unknown {
    // Another host may accept writes by now.
    const isLost = leavesInDoubt(error) || codeOf(error) === READ_ONLY;
    if (!isLost && !isUnavailable(error)) return error;
    if (isLost && lane.client !== null) drop(lane, lane.client);
    const unavailable = new StoreUnavailable(`the database cannot be read: ${reasonOf(error)}`, { cause: error });
    // promise: postgres/vain-attempt-serves-all-reads
    if (error instanceof NoWritableHost) refuseWaiting(unavailable);
    return unavailable;
  }

  async function all(text: string, values: readonly unknown[], name?: string): Promise<unknown[]> {
    if (closed) throw new StoreUnavailable('the store is closed');
    const lane = await take();
    try {
      const client = await connected(lane);
      const { rows } = await client.query({ text, values: comparable(values), ...keptUnder(name, lane.keptPlan) });
      lane.usedAt = world.elapsed();
      return rows;
    } catch (error) {
      throw failureOf(error, lane);
    } finally {
      giveBack(lane);
    }
  }

  return {
    ...readsThrough(all),
    reset: () => {
      for (const lane of lanes) if (lane.client !== null) drop(lane, lane.client);
    },
    close: async () => {
      closed = true;
      await Promise.all([...open].map((client) => client.end().catch(() => {})));
    },
  };
}
