// components.schemas: every schema of a body, by its name in the document.

import { NOTIFICATION_TYPES } from '../../notification/notification.ts';
import { BATCH } from '../executions/batch-schema.ts';
import { SELECTION } from '../executions/query.ts';
import { SUBMISSION } from '../executions/submission-schema.ts';
import { REPLAY } from '../notifications/query.ts';
import { RECONCILE } from '../reconciliations.ts';
import { ACTED } from '../schemas/actions.ts';
import { AUDIT_ENTRY, AUDIT_TRAIL, STREAM_EVENT } from '../schemas/audit.ts';
import { batchSchemas } from '../schemas/batch.ts';
import { CALLBACK, CALLBACK_RESPONSE, UNREADABLE_RESPONSE } from '../schemas/callback.ts';
import { CALLBACK_TOKEN, TOKEN_ERROR, TOKEN_REQUEST } from '../schemas/callback-token.ts';
import { EXECUTION, EXECUTION_PAGE, LATE_RESULT } from '../schemas/execution.ts';
import { LIVE, READY } from '../schemas/health.ts';
import { message, NOTIFICATION, NOTIFICATION_PAGE, REPLAYED, SECRETS } from '../schemas/notification.ts';
import { RECONCILIATION } from '../schemas/reconciliation.ts';
import { closed, schemasOf } from './json-schema.ts';
import type { Schema } from './model.ts';
import { problemSchemas } from './problems.ts';
import { messageName } from './webhooks.ts';

/** Bodies that apps send: fields that are not named are refused. */
const REQUESTS = {
  Submission: SUBMISSION,
  Batch: BATCH,
  Selection: SELECTION,
  Replay: REPLAY,
  Reconcile: RECONCILE,
} as const;

export function componentSchemas(): Record<string, Schema> {
  const problems = problemSchemas();
  const schemas = schemasOf({
    ...REQUESTS,
    Execution: EXECUTION,
    LateResult: LATE_RESULT,
    ExecutionPage: EXECUTION_PAGE,
    ...batchSchemas(problems.any),
    Acted: ACTED,
    Reconciliation: RECONCILIATION,
    AuditEntry: AUDIT_ENTRY,
    AuditTrail: AUDIT_TRAIL,
    StreamEvent: STREAM_EVENT,
    Notification: NOTIFICATION,
    NotificationPage: NOTIFICATION_PAGE,
    Replayed: REPLAYED,
    Secrets: SECRETS,
    ...Object.fromEntries(NOTIFICATION_TYPES.map((type) => [messageName(type), message(type)])),
    Callback: CALLBACK,
    CallbackAnswer: CALLBACK_RESPONSE,
    UnreadableAnswer: UNREADABLE_RESPONSE,
    TokenRequest: TOKEN_REQUEST,
    CallbackToken: CALLBACK_TOKEN,
    TokenError: TOKEN_ERROR,
    Liveness: LIVE,
    Readiness: READY,
    Problem: problems.any,
    ...problems.each,
  });
  const requests = Object.keys(REQUESTS).map((name) => [name, closed(schemas[name] ?? {})] as const);
  return {
    ...schemas,
    ...Object.fromEntries(requests),
    Batch: withItems(closed(schemas['Batch'] ?? {})),
    Selection: { ...closed(schemas['Selection'] ?? {}), minProperties: 1 },
  };
}

/** Each item of a batch is checked alone, so that a bad one is refused alone; what it may be is what a submission may be. */
function withItems(batch: Schema): Schema {
  const { executions, ...fields } = batch['properties'] as { readonly [name: string]: Schema };
  return {
    ...batch,
    properties: { executions: { ...executions, items: { $ref: '#/components/schemas/Submission' } }, ...fields },
  };
}
