// What administrators may change from a page. After a confirmation, the API's own handlers act in their name.

import type { Context } from 'hono';
import type { ConsoleDependencies } from '../dependencies.ts';
import type { Identity } from '../middleware/identity.ts';
import type { EndpointVerbs } from '../operators/endpoints.ts';
import { recordAction } from '../operators/record-activity.ts';
import { createConfirmation } from './confirmation.ts';
import { createErasureActions, type ErasureVerbs } from './erasure-actions.ts';
import {
  createExecutionActions,
  createResubmitAction,
  type ExecutionVerbs,
  type ResubmitVerbs,
} from './execution-actions.ts';
import { UNKNOWN_EXECUTION } from './execution-page.ts';
import { EXECUTIONS } from './executions-page.ts';
import { createIncidentActions, type IncidentVerbs } from './incident-actions.ts';
import { createEndpointActions, createNotificationActions, type NotificationVerbs } from './notification-actions.ts';
import type { ConsolePages } from './pages.ts';
import { createPauseActions, type PauseVerbs } from './pause-actions.ts';
import { notFound } from './refusals.ts';
import { createSelectedActions } from './selected-actions.ts';
import { createSendingActions, type SendingVerbs } from './sending-actions.ts';
import { viewerOf } from './viewer.ts';

/** The API's handlers, which respond with JSON or with a problem. */
export interface ConsoleVerbs
  extends ExecutionVerbs,
    ErasureVerbs,
    NotificationVerbs,
    PauseVerbs,
    IncidentVerbs,
    SendingVerbs,
    ResubmitVerbs,
    EndpointVerbs {}

export function createConsoleActions(
  { store, pages: { csrfTokens, sensitiveFields, queueTimeoutMs }, pauses, runtime }: ConsoleDependencies,
  pages: ConsolePages,
  verbs: ConsoleVerbs,
) {
  const confirmation = createConfirmation(csrfTokens);
  return {
    ...createExecutionActions({ store, sensitiveFields }, confirmation, verbs),
    ...createErasureActions({ store, sensitiveFields }, confirmation, verbs),
    ...createNotificationActions(store, confirmation, verbs),
    ...createSelectedActions({ store }, confirmation, verbs),
    ...createPauseActions(pauses, confirmation, verbs),
    ...createIncidentActions(store, confirmation, verbs),
    ...createSendingActions({ queueTimeoutMs }, confirmation, verbs),
    ...createResubmitAction({ store }, confirmation, verbs),
    ...createEndpointActions(confirmation, verbs),

    reveal: (c: Context, caller: Identity): Promise<Response> =>
      confirmation.performedBy(c, caller, async (_c, _caller, reason) => {
        const viewer = viewerOf(caller);
        const correlationId = c.req.param('correlationId') ?? '';
        if ((await store.find(correlationId)) === undefined) return notFound(viewer, EXECUTIONS, UNKNOWN_EXECUTION);
        const action = { action: 'reveal', by: viewer.by, reason, target: correlationId } as const;
        return recordAction({ store, runtime }, action, async () => {
          const page = await pages.revealed(c, viewer);
          if (page.ok)
            runtime.log.info({ operator: viewer.name, correlationId }, 'an operator had hidden values shown');
          return page;
        });
      }),
  };
}
