// /v1/reconciliations: polls CXone again for executions that ended without a result, and reports what it found.

import * as v from 'valibot';
import { OPEN_STATUSES, TERMINAL_STATUSES } from '../../execution/execution.ts';
import type { Json } from '../../execution/json.ts';
import { HOUR_MS } from '../../lib/time.ts';
import {
  MAX_DIFFERENCES,
  type ReconcileRequest,
  type Reconciliation,
  representReconciliation,
} from '../../usecases/reconcile/report.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { callerName } from '../middleware/identity.ts';
import { closed, component, jsonRequest, jsonResponse } from '../openapi/components.ts';
import { ADMINISTRATOR_ORDER, type ApiOperation, BODY_PROBLEMS, parameter } from '../openapi/operation.ts';
import { count, described, IDENTIFIER_TEXT, nullable, text, time as timeText } from '../openapi/schema-parts.ts';
import { appNameFilter } from '../request/app-filter.ts';
import { identifierFilter, time } from '../request/list-parameters.ts';
import { onBody } from '../request/read-json.ts';
import { type Validated, validateObject } from '../request/validate.ts';
import { json } from '../response/json.ts';
import { pointerTo, problem } from '../response/problem.ts';
import { OPTIONAL_REASON } from './reason.ts';
import { recordAction } from './record-activity.ts';

const DRAINING_RETRY_SECONDS = 5;

const RECONCILE = component(
  'Reconcile',
  v.object({
    from: time('Only executions submitted then or later.'),
    to: time('Only executions submitted before then; now, if it is in the future.'),
    actionId: identifierFilter('Only those of this Data Action.'),
    app: appNameFilter('Only those of this app.'),
    reason: OPTIONAL_REASON,
  }),
  closed,
);

const FINDINGS = ['same', 'late', 'resolved', 'conflict', 'running', 'gone', 'failed'] as const;

const RECONCILIATION = component(
  'Reconciliation',
  v.object({
    id: text('The audit entry of each poll has it as `reconciliation` in its detail.'),
    by: text('The operator who started it.'),
    from: timeText('Executions submitted then or later …'),
    to: timeText('… and before then.'),
    actionId: nullable(IDENTIFIER_TEXT, 'The Data Action; null: all.'),
    app: nullable(v.string(), 'The app; null: all.'),
    status: described(
      v.picklist(['RUNNING', 'ENDED', 'STOPPED']),
      'STOPPED: it could not continue; start it again for the same period.',
    ),
    reason: nullable(v.string(), 'Why it stopped.'),
    startedAt: timeText('When it started.'),
    endedAt: nullable(timeText(), 'When it ended.'),
    progress: v.pipe(
      v.number(),
      v.metadata({ minimum: 0, maximum: 1, description: 'The share of the period that has been scanned.' }),
    ),
    counts: v.object({
      asked: count('Executions that were polled.'),
      same: count('CXone reports the known state.'),
      late: count('A result was found. It is kept as `lateResult`, and the app is notified.'),
      resolved: count('An open execution got its outcome.'),
      conflict: count('CXone reports another result than the one received in the meantime. It is in the audit trail.'),
      running: count('CXone is still running it.'),
      gone: count('CXone no longer knows it.'),
      failed: count('CXone gave no usable response.'),
      unaskable: count('Sent and ended without a result, but CXone never gave an `executionId` to poll.'),
    }),
    differs: described(
      v.array(
        v.object({
          correlationId: IDENTIFIER_TEXT,
          status: described(v.picklist([...OPEN_STATUSES, ...TERMINAL_STATUSES]), 'The status before the poll.'),
          finding: described(v.picklist(FINDINGS), 'As in `counts`.'),
          found: nullable(v.picklist(['COMPLETED', 'FAILED']), 'The outcome that CXone reports, if any.'),
        }),
      ),
      `Executions for which CXone reports something else, in the order of the polls: the first ${MAX_DIFFERENCES}. All are in the audit trail.`,
    ),
  }),
);

const DAY = Date.UTC(2026, 0, 31);
const NOTHING = { asked: 0, same: 0, late: 0, resolved: 0, conflict: 0, running: 0, gone: 0, failed: 0, unaskable: 0 };

const STARTED_EXAMPLE: Reconciliation = {
  id: '019c1405-7a00-7000-8000-000000000001',
  by: 'operator:alice',
  from: DAY,
  to: DAY + 12 * HOUR_MS,
  actionId: null,
  app: null,
  status: 'RUNNING',
  reason: null,
  startedAt: DAY + 13 * HOUR_MS,
  endedAt: null,
  progress: 0,
  counts: NOTHING,
  differs: [],
};

const ENDED_EXAMPLE: Reconciliation = {
  ...STARTED_EXAMPLE,
  status: 'ENDED',
  endedAt: DAY + 13 * HOUR_MS + 4_000,
  progress: 1,
  counts: { ...NOTHING, asked: 3, same: 1, late: 1, gone: 1 },
};

export const startReconciliation: ApiOperation = {
  ...ADMINISTRATOR_ORDER,
  operationId: 'startReconciliation',
  path: '/v1/reconciliations',
  summary: 'Poll CXone again for executions without a result',
  description:
    'Polls once every execution submitted in the period that was sent and is TIMEOUT, NOT_FOUND or CANCELLED without a late result, or UNCONFIRMED with an id at CXone. It uses only capacity that nothing else needs. No outcome changes: a result that is found is kept as `lateResult`, and the app is notified. One reconciliation runs at a time.',
  requestBody: jsonRequest(RECONCILE, {
    day: { from: '2026-01-31', to: '2026-02-01' },
    some: { from: '2026-01-31T00:00:00Z', to: '2026-01-31T12:00:00Z', actionId: 'charge-card', app: 'orders' },
  }),
  responses: {
    '202': jsonResponse(
      'It has started; `Location` is the path of its report.',
      RECONCILIATION,
      { started: { ...representReconciliation(STARTED_EXAMPLE), differs: [] } },
      { Location: { $ref: '#/components/headers/Location' } },
    ),
  },
  problems: [...BODY_PROBLEMS, 'reconciliation-running', 'draining', 'no-leader'],
  create: (deps) =>
    onBody(parseReconcile, ({ reason = null, ...period }, _c, caller) => {
      const by = callerName(caller);
      return recordAction(deps, { action: 'reconcile', by, reason, filter: period }, () => start(deps, period, by));
    }),
};

async function start(
  { controls }: Pick<HttpDependencies, 'controls'>,
  period: ReconcileRequest,
  by: string,
): Promise<Response> {
  const started = await controls.reconciliations.start(period, by);
  switch (started.outcome) {
    case 'started': {
      const { reconciliation } = started;
      const location = `/v1/reconciliations/${reconciliation.id}`;
      return json(202, representReconciliation(reconciliation), { location });
    }
    case 'running':
      return problem('reconciliation-running', runningDetail(started.reconciliation.id));
    case 'stopping':
      return problem('draining', 'Nothing was accepted. Send it again later.', {
        headers: { 'retry-after': String(DRAINING_RETRY_SECONDS) },
      });
    default:
      return started satisfies never;
  }
}

export const getReconciliation: ApiOperation = {
  operationId: 'getReconciliation',
  method: 'get',
  path: '/v1/reconciliations/{id}',
  tag: 'Operators',
  access: 'operator',
  summary: 'Get the report of a reconciliation',
  description:
    'The last 20 reports are kept: on SQLite until the receiver stops. The findings stay in the audit trail.',
  parameters: [parameter('ReconciliationId')],
  responses: {
    '200': jsonResponse('The progress and the findings.', RECONCILIATION, {
      ended: {
        ...representReconciliation(ENDED_EXAMPLE),
        differs: [
          { correlationId: 'order-4711', status: 'TIMEOUT', finding: 'late', found: 'COMPLETED' },
          { correlationId: 'order-4712', status: 'TIMEOUT', finding: 'gone', found: null },
        ],
      },
    }),
  },
  problems: ['not-found'],
  create:
    ({ controls }) =>
    async (c) => {
      const found = await controls.reconciliations.find(c.req.param('id') ?? '');
      return found === undefined
        ? problem(
            'not-found',
            'There is no reconciliation with this id: the last 20 reports are kept, on SQLite until the receiver stops.',
          )
        : json(200, representReconciliation(found));
    },
};

function runningDetail(id: string): string {
  return `Another one is under way, and one runs at a time: GET /v1/reconciliations/${id} shows its progress.`;
}

function parseReconcile(body: Json): Validated<ReconcileRequest & { readonly reason?: string }> {
  const request = validateObject(RECONCILE, body);
  if (!request.valid || request.value.from < request.value.to) return request;
  return { valid: false, errors: [{ pointer: pointerTo('to'), detail: 'must be later than from' }] };
}
