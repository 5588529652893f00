// Reads what receivers of another version have put into the rows that receivers share. What this version does not know is left out, and
// what it misses has a default: a neighbouring version may write more or less.

import * as v from 'valibot';
import type { GatewayReport, Requester, TokenPause, UpstreamPause } from '../../cxone/port.ts';
import type { Json, JsonObject } from '../../execution/json.ts';
import type { Endpoint } from '../../store/endpoints-port.ts';
import type { Started } from '../reconcile/reconciliations.ts';
import type { ReconcileFinding, ReconcileRequest, Reconciliation } from '../reconcile/report.ts';
import { type LastState, type LiveCircuit, type LiveState, NOTHING_KNOWN } from './live-state.ts';

const text = v.nullable(v.string());
const count = v.fallback(v.number(), 0);
const orNull = <Schema extends v.GenericSchema>(schema: Schema) => v.fallback(v.nullable(schema), null);

/** The items of a list that this version knows. */
const known = <Schema extends v.GenericSchema>(item: Schema) =>
  v.pipe(
    v.fallback(v.array(v.unknown()), []),
    v.transform((items) =>
      items.flatMap((one) => {
        const parsed = v.safeParse(item, one);
        return parsed.success ? [parsed.output] : [];
      }),
    ),
  );

const CALLS = ['execute', 'poll', 'token', 'discovery'] as const satisfies readonly Requester['call'][];
const GATEWAY_REPORTS = [
  ...(['token-refused', 'action-refused', 'too-early', 'request-timeout', 'cut'] as const),
] satisfies readonly GatewayReport['kind'][];
const FINDINGS = [
  ...(['same', 'late', 'resolved', 'conflict', 'running', 'gone', 'failed'] as const),
] satisfies readonly ReconcileFinding[];
const STATUSES = [
  ...([
    'QUEUED',
    'UNCONFIRMED',
    'PENDING',
    'COMPLETED',
    'FAILED',
    'REJECTED',
    'NOT_FOUND',
    'TIMEOUT',
    'CANCELLED',
  ] as const),
];

const PAUSE = v.object({
  ...{ call: v.fallback(v.picklist(CALLS), 'execute'), actionId: v.fallback(text, null) },
  ...{ correlationId: v.fallback(text, null), app: v.fallback(text, null) },
  ...{ httpStatus: count, since: count, until: v.number() },
});

const TOKEN_PAUSE = v.object({ httpStatus: count, until: v.number() });

const CIRCUIT = v.object({
  ...{ app: v.string(), origin: v.string(), failure: v.fallback(text, null) },
  ...{ failures: v.number(), since: v.number(), nextProbeAt: v.number() },
});

const UPSTREAM = v.object({
  ...{ limit: count, inFlight: count, pausedUntil: count },
  tokenProblem: orNull(v.object({ reason: v.string(), since: v.number() })),
  gatewayReports: known(
    v.object({ kind: v.picklist(GATEWAY_REPORTS), message: v.string(), since: v.number(), responses: v.number() }),
  ),
  connectionProblems: known(v.object({ origin: v.string(), reason: v.string(), since: v.number() })),
});

const STATE = v.object({
  upstream: v.fallback(UPSTREAM, () => v.parse(UPSTREAM, { gatewayReports: [], connectionProblems: [] })),
  pause: orNull(PAUSE),
  tokenPause: orNull(TOKEN_PAUSE),
  circuits: known(CIRCUIT),
});

const SENT = orNull(v.array(v.pipe(v.number(), v.integer(), v.minValue(0))));

const REPORT = v.object({
  ...{ id: v.string(), by: v.string(), from: v.number(), to: v.number() },
  ...{ actionId: v.fallback(text, null), app: v.fallback(text, null) },
  status: v.fallback(v.picklist(['RUNNING', 'ENDED', 'STOPPED']), 'ENDED'),
  reason: v.fallback(text, null),
  ...{ startedAt: v.number(), endedAt: orNull(v.number()), progress: count },
  counts: v.object({
    ...{ asked: count, same: count, late: count, resolved: count, conflict: count },
    ...{ running: count, gone: count, failed: count, unaskable: count },
  }),
  differs: known(
    v.object({
      ...{ correlationId: v.string(), status: v.picklist(STATUSES), finding: v.picklist(FINDINGS) },
      found: orNull(v.picklist(['COMPLETED', 'FAILED'])),
    }),
  ),
});

const STARTED = v.variant('outcome', [
  v.object({ outcome: v.picklist(['started', 'running']), reconciliation: REPORT }),
  v.object({ outcome: v.literal('stopping') }),
]);

const RECONCILE_ORDER = v.object({
  request: v.object({
    ...{ from: v.number(), to: v.number(), actionId: v.exactOptional(v.string()), app: v.exactOptional(v.string()) },
  }),
  by: v.string(),
});

/** An order in a form that this version does not know: nothing is done. */
export class UnknownOrder extends Error {
  override readonly name = 'UnknownOrder';
}

/** Returns what the leader has published, as far as this version knows it. */
export function readLiveState(published: JsonObject): LiveState {
  const { circuits, ...state } = v.parse(v.fallback(STATE, NOTHING_KNOWN as never), published);
  return { ...state, circuits: circuits satisfies readonly LiveCircuit[] };
}

/** Returns what the next leader continues with. A leader of an earlier version does not state what it has sent. */
export function readLastState(published: JsonObject): LastState {
  return { ...readLiveState(published), sent: v.parse(SENT, published['sent']) };
}

export function readPause(result: Json): UpstreamPause | null {
  return v.parse(orNull(PAUSE), result);
}

/** Returns undefined for a report that this version cannot show. */
export function readReport(report: JsonObject): Reconciliation | undefined {
  const parsed = v.safeParse(REPORT, report);
  return parsed.success ? parsed.output : undefined;
}

/** Returns undefined for a result that this version does not know. */
export function readStarted(result: Json): Started | undefined {
  const parsed = v.safeParse(STARTED, result);
  return parsed.success ? parsed.output : undefined;
}

/** @throws {UnknownOrder} */
export function readEndpoint(body: JsonObject): Endpoint {
  return orderOf(v.object({ app: v.string(), origin: v.string() }), body);
}

/** @throws {UnknownOrder} */
export function readReconcileOrder(body: JsonObject): { readonly request: ReconcileRequest; readonly by: string } {
  return orderOf(RECONCILE_ORDER, body);
}

/** @throws {UnknownOrder} */
export function readPauseOrder(body: JsonObject): UpstreamPause {
  return orderOf(PAUSE, body);
}

/** @throws {UnknownOrder} */
export function readTokenPauseOrder(body: JsonObject): TokenPause {
  return orderOf(TOKEN_PAUSE, body);
}

function orderOf<Schema extends v.GenericSchema>(schema: Schema, body: JsonObject): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, body);
  if (parsed.success) return parsed.output;
  throw new UnknownOrder();
}
