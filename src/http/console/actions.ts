// What administrators may change from a page. After a confirmation, the API's own handlers act in their name.

import type { Context } from 'hono';
import type { ConsoleDependencies } from '../dependencies.ts';
import type { Identity } from '../middleware/identity.ts';
import { createConfirmation } from './confirmation.ts';
import { createErasureActions, type ErasureVerbs } from './erasure-actions.ts';
import { createExecutionActions, type ExecutionVerbs } from './execution-actions.ts';
import { createNotificationActions, type NotificationVerbs } from './notification-actions.ts';
import type { ConsolePages } from './pages.ts';
import { createPauseActions, type PauseVerbs } from './pause-actions.ts';
import { viewerOf } from './viewer.ts';

/** The API's handlers, which respond with JSON or with a problem. */
export interface ConsoleVerbs extends ExecutionVerbs, ErasureVerbs, NotificationVerbs, PauseVerbs {}

export function createConsoleActions(
  { store, pages: { csrfTokens, sensitiveFields }, pauses, runtime }: ConsoleDependencies,
  pages: ConsolePages,
  verbs: ConsoleVerbs,
) {
  const confirmation = createConfirmation(csrfTokens);
  return {
    ...createExecutionActions({ store, sensitiveFields }, confirmation, verbs),
    ...createErasureActions({ store, sensitiveFields }, confirmation, verbs),
    ...createNotificationActions(store, confirmation, verbs),
    ...createPauseActions(pauses, confirmation, verbs),

    reveal: async (c: Context, caller: Identity): Promise<Response> => {
      const viewer = viewerOf(caller);
      const refused = await confirmation.refusedForm(c, viewer);
      if (refused !== null) return refused;
      const correlationId = c.req.param('correlationId') ?? '';
      const page = await pages.revealed(c, viewer);
      if (page.ok) runtime.log.info({ operator: viewer.name, correlationId }, 'an operator had hidden values shown');
      return page;
    },
  };
}
