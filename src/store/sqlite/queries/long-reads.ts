// The reads whose work grows with the stored data. A store with a reader thread runs them there, any other store in process.

import type { Database } from 'better-sqlite3';
import { makeExcerpts } from '../../../execution/excerpt.ts';
import type { FeedQuery, ListQuery, Store } from '../../port.ts';
import type { StatisticsPage } from '../../statistics-port.ts';
import { createFeed, type FeedRows, toFeedPage } from '../audit/feed.ts';
import { createExecutionList, type RowPage, toExecutionPage, toJsonPage } from '../executions/list.ts';
import { auditGaps } from '../file/id-gaps.ts';
import { listNotifications } from '../outbox/list.ts';
import { createRollupReader } from '../rollups/read.ts';
import { createObservations } from './observations.ts';
import { createStatistics } from './statistics.ts';

/** What a read takes and returns is copied between threads, so that it consists of rows and plain values. */
type Read<I, O> = (input: I, signal: AbortSignal) => Promise<O>;

/** Reads that take and return what the methods of the port do. */
const LIKE_PORT = [
  'listJson',
  'excerpts',
  'countMatches',
  'searchProgress',
  'listNotifications',
  'countNotifications',
  'observe',
  'arrivals',
  'missing',
  'submitted',
  'outcomes',
  'sample',
  'course',
] as const;

type LikePort = (typeof LIKE_PORT)[number];

/** Reads in slices of a few milliseconds, each with a snapshot of its own. They end after a slice when the signal aborts. */
export type LongReads = {
  readonly [Name in LikePort]: Read<Parameters<Store[Name]>[0], Awaited<ReturnType<Store[Name]>>>;
} & {
  readonly list: Read<ListQuery, RowPage>;
  readonly feed: Read<FeedQuery, FeedRows>;
  /** The page as JSON: to copy its objects between threads takes longer than to read them. */
  readonly statisticsAfter: Read<{ readonly after: number; readonly limit: number }, string>;
};

export const LONG_READS: readonly (keyof LongReads)[] = [...LIKE_PORT, 'list', 'feed', 'statisticsAfter'];

/** @param newest returns the id of the newest committed entry; default: reads it. */
export function createLongReads(client: Database, newest = newestIdIn(client)): LongReads {
  const gaps = auditGaps(client);
  const { list, countMatches, searchProgress } = createExecutionList(client, undefined, gaps);
  const notifications = listNotifications(client);
  const feed = createFeed(client, newest, gaps);
  const { statisticsAfter } = createStatistics(client);
  const { observe } = createObservations(client);
  const { arrivals, missing, submitted, outcomes, sample, course } = createRollupReader(client);
  return {
    list,
    listJson: async (query, signal) => toJsonPage(await list(query, signal), query),
    excerpts: async (order) => makeExcerpts(order),
    countMatches,
    searchProgress,
    listNotifications: notifications.page,
    countNotifications: notifications.count,
    feed: async (query) => feed(query),
    statisticsAfter: async ({ after, limit }) => JSON.stringify(await statisticsAfter(after, limit)),
    observe,
    ...{ arrivals, missing, submitted, outcomes, sample, course },
  };
}

/** Works for an empty trail, too, whose entries were pruned. */
function newestIdIn(client: Database): () => number {
  const newest = client
    .prepare<[], number>(`SELECT coalesce((SELECT max(id) FROM audit_rows), pruned_through) FROM audit_checkpoint`)
    .pluck();
  return () => newest.get() ?? 0;
}

/** The methods of the port that read much. */
export type LongReadPort = Pick<Store, keyof LongReads>;

/** Entries behind the newest one that are read in process: a stream that is up to date asks for few, and often. */
const NEAR_ENTRIES = 500;

const NEVER = new AbortController().signal;

export interface LongReadSources {
  /** On the connection of the writer. */
  readonly near: LongReads;
  /** On a thread; the same as `near` without one. */
  readonly far: LongReads;
  /** Returns the id of the newest committed entry. */
  readonly newest: () => number;
}

/** Returns the methods of the port. A read that begins after a commit sees it, wherever it runs. */
export function longReadPort({ near, far, newest }: LongReadSources): LongReadPort {
  /** Reads at the end of the trail are short. The first entry of all apps is found at once, wherever it is. */
  const readerOf = ({ after, limit, app }: Pick<FeedQuery, 'after' | 'limit' | 'app'>) =>
    newest() - after <= NEAR_ENTRIES || (limit === 1 && app === null) ? near : far;
  const likePort = LIKE_PORT.map((name) => {
    const read: (input: never, signal: AbortSignal) => Promise<unknown> = far[name];
    return [name, (input: never, signal = NEVER) => read(input, signal)];
  });
  return {
    ...(Object.fromEntries(likePort) as Pick<Store, LikePort>),
    list: async (query, signal = NEVER) => toExecutionPage(await far.list(query, signal)),
    feed: async (query) => toFeedPage(await readerOf(query).feed(query, NEVER)),
    // Read every few seconds, mostly with nothing new.
    statisticsAfter: async (after, limit): Promise<StatisticsPage> => {
      if (after >= newest()) return { entries: [], through: after, atEnd: true };
      return JSON.parse(await readerOf({ after, limit, app: null }).statisticsAfter({ after, limit }, NEVER));
    },
  };
}
