// What administrators may change from a page. After a confirmation, the API's own handlers act in their name.

import type { Context } from 'hono';
import type { HttpParts } from '../dependencies.ts';
import type { Identity } from '../middleware/identity.ts';
import { recordAction } from '../operators/record-activity.ts';
import { createConfirmation } from './confirmation.ts';
import { createErasureActions } from './erasure-actions.ts';
import { createExecutionActions } from './execution-actions.ts';
import { UNKNOWN_EXECUTION } from './execution-page.ts';
import { EXECUTIONS } from './executions-page.ts';
import { acknowledgement } from './incident-actions.ts';
import { createEndpointActions, createNotificationActions } from './notification-actions.ts';
import type { ConsolePages } from './pages.ts';
import { notFound } from './refusals.ts';
import { selectedAction } from './selected-actions.ts';
import { createSendingActions } from './sending-pause-actions.ts';
import { liftOfPause } from './upstream-pause-action.ts';
import { viewerOf } from './viewer.ts';

export function createConsoleActions(deps: HttpParts, pages: ConsolePages) {
  const { store, runtime } = deps;
  const confirmation = createConfirmation(deps.pages.csrfTokens);
  return {
    ...createExecutionActions(deps, confirmation),
    ...createErasureActions(deps, confirmation),
    ...createNotificationActions(deps, confirmation),
    ...createEndpointActions(deps, confirmation),
    ...createSendingActions(deps, confirmation),
    selected: selectedAction(deps, confirmation),
    liftPause: liftOfPause(deps, confirmation),
    acknowledge: acknowledgement(deps, confirmation),

    reveal: (c: Context, caller: Identity): Promise<Response> =>
      confirmation.performedBy(c, caller, async (reason) => {
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
