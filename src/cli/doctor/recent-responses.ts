// What the audit trail of the last day says about tokens and gateways, with the remedy for each case.

import type { Database } from 'better-sqlite3';
import type { Client } from 'pg';
import { many } from '../../lib/figures.ts';
import { DAY_MS, isoTime } from '../../lib/time.ts';
import type { World } from '../../lib/world.ts';
import { type Check, ok, warn } from './check.ts';

/** Entries that are read, newest first. */
const MAX_ENTRIES = 200_000;

interface Case {
  readonly condition: string;
  readonly message: string;
  readonly remedy: string;
}

/** `detail ->> 'cut'`: why a response was cut off. */
const CASES: readonly Case[] = [
  {
    condition: "http_status = 401 OR (http_status = 403 AND event = 'FAILED' AND detail ->> 'retryAt' IS NOT NULL)",
    message: 'CXone refused the token',
    remedy:
      'a new token may be valid only after some seconds, which passes; give each receiver and each other program a client of its own, since a new token may revoke that of another; if it concerns one action, grant it to the client',
  },
  {
    condition: 'http_status = 429',
    message: 'CXone limited the rate (429)',
    remedy: 'lower RATE_LIMIT_PER_SECOND, look for other programs with the same client, or ask for a higher limit',
  },
  {
    condition: 'http_status = 425',
    message: 'a gateway responded 425 (too early)',
    remedy: 'switch early data (TLS 0-RTT) off in the proxy between this receiver and CXone',
  },
  {
    condition: 'http_status = 408',
    message: 'a gateway responded 408 (request timeout)',
    remedy: 'look for a slow proxy; such submissions are not sent again unless they have retryUncertain',
  },
  {
    condition: 'http_status BETWEEN 300 AND 399',
    message: 'CXone responded with a redirect (3xx)',
    remedy: 'redirects are not followed: correct CXONE_BASE_URL; the trail names the target',
  },
  {
    condition: "detail ->> 'cut' IS NOT NULL OR detail ->> 'message' LIKE '%it broke off%'",
    message: 'a response lost its end',
    remedy: 'compare the limits for size and time of the proxies and gateways on the way',
  },
  {
    condition: "event = 'TOKEN_ERROR'",
    message: 'no token was available',
    remedy: 'see the check "upstream" for the present answer of the token endpoint',
  },
];

/** The numbers of entries of each case: c0, c1 and so on. */
type Counts = Readonly<Record<string, number>>;

/** @param entries the entries of the last day, with `detail` as JSON */
function countsIn(entries: string): string {
  const counts = CASES.map(({ condition }, index) => `count(*) FILTER (WHERE ${condition}) AS c${index}`);
  return `SELECT ${counts.join(', ')} FROM (${entries}) AS entries
    WHERE event IN ('FAILED', 'RATE_LIMITED', 'SUBMITTED', 'POLL_ERROR', 'POLL_COMPLETED', 'TOKEN_ERROR')`;
}

const startOf = (world: Pick<World, 'now'>): string => isoTime(world.now() - DAY_MS);

/** Returns one warning for each case that occurred. */
export function checkRecentResponses(client: Database, world: Pick<World, 'now'>): Check[] {
  const entries = `SELECT event, http_status, detail FROM audit_events
    WHERE id > (SELECT coalesce(max(id), 0) FROM audit_events) - ? AND timestamp >= ?`;
  const row = client.prepare<[number, string], Counts>(countsIn(entries)).get(MAX_ENTRIES, startOf(world));
  return checksOf(row);
}

/** JSON of PostgreSQL cannot be read if it has an escape that is not a character in one of its texts. */
const READABLE = String.raw`regexp_replace(detail, '\\u(0000|[dD][89a-fA-F][0-9a-fA-F]{2})', '\\ufffd', 'g')::json`;

export async function checkRecentResponsesOnServer(client: Client, world: Pick<World, 'now'>): Promise<Check[]> {
  const entries = `SELECT event, http_status, ${READABLE} AS detail FROM audit_events
    WHERE id > (SELECT coalesce(max(id), 0) FROM audit_events) - $1::bigint AND timestamp >= $2`;
  const { rows } = await client.query<Counts>(countsIn(entries), [MAX_ENTRIES, startOf(world)]);
  return checksOf(rows[0]);
}

function checksOf(row: Counts | undefined): Check[] {
  const found = CASES.flatMap(({ message, remedy }, index) => {
    const count = row?.[`c${index}`] ?? 0;
    return count === 0 ? [] : [warn('gateway', `in the last day, ${many(count, 'time')}: ${message}`, remedy)];
  });
  return found.length > 0 ? found : [ok('gateway', 'no refused token and no response of a gateway in the last day')];
}
