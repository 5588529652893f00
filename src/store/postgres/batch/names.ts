// Loads what decides whether a submission is new: the executions with its correlation id or its idempotency key.

import type { Execution } from '../../../execution/execution.ts';
import {
  appKeyOf,
  type NameRange,
  nameRange,
  otherRequestRanges,
  requestNameOf,
} from '../../../execution/idempotency-key.ts';
import { type JsonObject, LargeJson } from '../../../execution/json.ts';
import type { AcceptedSubmission, NewExecution } from '../../intake-port.ts';
import type { Session } from '../connection/session.ts';
import { fingerprintText } from './add.ts';
import { SELECT_WITHOUT_OUTCOME, type StoredRow, toExecution } from './aggregate.ts';

/** An execution that has the name of a submission, with what the submission is compared with. */
export interface Earlier {
  readonly execution: Execution;
  readonly accepted: AcceptedSubmission;
}

export interface Names {
  readonly byCorrelationId: Map<string, Earlier>;
  /** By `keyOf`. */
  readonly byKey: Map<string, Earlier>;
  /** Any stored name under the app's key, by `keyOf` of app and key. */
  readonly underKey: Map<string, string>;
}

export function keyOf(app: string, name: string): string {
  return `${app}\0${name}`;
}

interface EarlierRow extends StoredRow {
  /** The key that was looked for; only of those that are found by key. */
  readonly named?: string;
  readonly fingerprint: Buffer;
  readonly inputs: string | null;
  readonly context: string | null;
}

interface UnderKeyRow {
  readonly app: string;
  readonly key: string;
  readonly found: string | null;
}

const EARLIER = `SELECT e.*, f.fingerprint, p.inputs, p.context FROM (${SELECT_WITHOUT_OUTCOME} WHERE `;
const WITH_SUBMISSION = `) AS e JOIN execution_rows AS f ON f.id = e.id LEFT JOIN payload_rows AS p ON p.id = e.id`;

const BY_CORRELATION_ID = `${EARLIER} r.correlation_id = ANY ($1::text[]) ${WITH_SUBMISSION}`;
// promise: postgres/repeat-keeps-its-key
const FURTHER = `SELECT k.app, k.idempotency_key, k.execution FROM idempotency_keys AS k
  WHERE (k.app, k.idempotency_key) IN (SELECT * FROM unnest($1::text[], $2::text[]))`;
const BY_KEY = `SELECT e.*, f.fingerprint, p.inputs, p.context, n.idempotency_key AS named FROM (
    SELECT r.id AS execution, r.idempotency_key FROM execution_rows AS r
    WHERE (r.app, r.idempotency_key) IN (SELECT * FROM unnest($1::text[], $2::text[]))
    UNION ALL SELECT k.execution, k.idempotency_key FROM (${FURTHER}) AS k
  ) AS n CROSS JOIN LATERAL (${SELECT_WITHOUT_OUTCOME} WHERE r.id = n.execution) AS e
  JOIN execution_rows AS f ON f.id = e.id LEFT JOIN payload_rows AS p ON p.id = e.id`;
const UNDER_KEY = `SELECT g.app, g.key, coalesce(
    (SELECT r.idempotency_key FROM execution_rows AS r WHERE r.app = g.app
      AND r.idempotency_key >= g.low COLLATE "C" AND r.idempotency_key < g.high COLLATE "C" LIMIT 1),
    (SELECT k.idempotency_key FROM idempotency_keys AS k WHERE k.app = g.app
      AND k.idempotency_key >= g.low COLLATE "C" AND k.idempotency_key < g.high COLLATE "C" LIMIT 1)) AS found
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS g(app, key, low, high)`;

export async function loadNames(session: Pick<Session, 'all'>, submissions: readonly NewExecution[]): Promise<Names> {
  const names: Names = { byCorrelationId: new Map(), byKey: new Map(), underKey: new Map() };
  if (submissions.length === 0) return names;
  const executions = submissions.map(({ execution }) => execution);
  const ids = executions.map(({ correlationId }) => correlationId);
  for (const row of await session.all<EarlierRow>(BY_CORRELATION_ID, [ids], 'names_by_correlation_id')) {
    names.byCorrelationId.set(row.correlation_id, toEarlier(row));
  }
  const keyed = executions.flatMap(({ app, idempotencyKey }) =>
    idempotencyKey === null ? [] : [{ app, idempotencyKey }],
  );
  if (keyed.length === 0) return names;
  const apps = keyed.map(({ app }) => app);
  const keys = keyed.map(({ idempotencyKey }) => idempotencyKey);
  for (const row of await session.all<EarlierRow>(BY_KEY, [apps, keys], 'names_by_key')) {
    // promise: postgres/key-is-looked-up
    names.byKey.set(keyOf(row.app, row.named ?? ''), toEarlier(row));
  }
  const ranges = keys.map((key) => ({ key: appKeyOf(key), ...nameRange(appKeyOf(key)) }));
  const bounds = [apps, ranges.map(({ key }) => key), ranges.map(({ from }) => from), ranges.map(({ to }) => to)];
  for (const { app, key, found } of await session.all<UnderKeyRow>(UNDER_KEY, bounds, 'names_under_key')) {
    if (found !== null) names.underKey.set(keyOf(app, key), found);
  }
  return names;
}

/** The name of a submission of an app. */
interface Named {
  readonly app: string;
  readonly name: string;
}

/** A row of the parameter of `one_request_per_key`. */
interface AppNameRange extends NameRange {
  readonly app: string;
}

/** Returns the ranges that hold the names of other requests with the keys of these names. */
export function otherRequestsOf(named: readonly Named[]): AppNameRange[] {
  const requests = new Map(named.map(({ app, name }) => [keyOf(app, requestNameOf(name)), { app, name }]));
  // promise: postgres/one-key-one-request-of-all
  return [...requests.values()].flatMap(({ app, name }) =>
    otherRequestRanges(name).map((range) => ({ app, ...range })),
  );
}

function toEarlier(row: EarlierRow): Earlier {
  const { inputs, context } = row;
  const payload = {
    inputs: LargeJson.from(inputs ?? '{}') as JsonObject,
    context: LargeJson.from(context ?? '{}') as JsonObject,
  };
  return {
    execution: toExecution(row),
    accepted: { fingerprint: fingerprintText(row.fingerprint), payload: row.sha256 === null ? payload : null },
  };
}
