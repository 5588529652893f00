// The list of all API operations: the routes and the OpenAPI document are made from it.

import { documentationOperations } from './docs/routes.ts';
import { cancelExecution, cancelExecutions, pollExecution, pollExecutions } from './executions/actions.ts';
import { eraseExecution, eraseExecutions } from './executions/erase.ts';
import { followExecution, followExecutions } from './executions/events.ts';
import { holdExecution, releaseExecution } from './executions/hold.ts';
import { getAuditTrail, getExecution, listExecutions } from './executions/read.ts';
import { rereadExecution } from './executions/reread.ts';
import { resubmitExecution } from './executions/resubmit.ts';
import { submitExecution } from './executions/submit.ts';
import { submitBatch } from './executions/submit-batch.ts';
import { getMetrics, isAlive, isReady } from './health.ts';
import { getNotification, getNotificationSecrets, listNotifications } from './notifications/read.ts';
import { replayNotification, replayNotifications } from './notifications/replay.ts';
import { describeOperations } from './openapi/document.ts';
import type { Document } from './openapi/model.ts';
import type { ApiOperation } from './openapi/operation.ts';
import { listActivity } from './operators/activity.ts';
import { listEndpoints, pauseEndpoint, probeEndpoint, resumeEndpoint } from './operators/endpoints.ts';
import { acknowledgeIncident, getIncident, listIncidents } from './operators/incidents.ts';
import { getReconciliation, startReconciliation } from './operators/reconciliations.ts';
import { listPauses, pauseSending, resumeSending } from './operators/sending-pauses.ts';
import { getPause, liftPause } from './operators/upstream-pause.ts';
import { completeExecution } from './webhook/callback-endpoint.ts';
import { getCallbackToken } from './webhook/token-endpoint.ts';

/** Routes match in this order: a fixed segment stands before a parameter in the same place. */
export const OPERATIONS: readonly ApiOperation[] = [
  listExecutions,
  submitExecution,
  submitBatch,
  pollExecutions,
  cancelExecutions,
  eraseExecutions,
  getExecution,
  getAuditTrail,
  cancelExecution,
  pollExecution,
  rereadExecution,
  resubmitExecution,
  holdExecution,
  releaseExecution,
  eraseExecution,
  followExecution,
  followExecutions,
  listNotifications,
  replayNotifications,
  getNotificationSecrets,
  getNotification,
  replayNotification,
  startReconciliation,
  getReconciliation,
  listActivity,
  listIncidents,
  getIncident,
  acknowledgeIncident,
  listEndpoints,
  pauseEndpoint,
  resumeEndpoint,
  probeEndpoint,
  getPause,
  liftPause,
  listPauses,
  pauseSending,
  resumeSending,
  isAlive,
  isReady,
  getMetrics,
  ...documentationOperations(openApiDocument),
  getCallbackToken,
  completeExecution,
];

/** Returns the OpenAPI document. No receiver needs to run. */
export function openApiDocument(): Document {
  return describeOperations(OPERATIONS);
}
