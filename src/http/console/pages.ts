// The table of the console's pages. Pages change nothing; actions.ts has what administrators may change.

import type { ConsoleDependencies } from '../dependencies.ts';
import { createActivityPage } from './activity-page.ts';
import { createCallbacksPages } from './callbacks-page.ts';
import { createActionPages } from './data-action-pages.ts';
import { createEndpointsPage } from './endpoints-page.ts';
import { createExecutionPage } from './execution-page.ts';
import { createExecutionsPage } from './executions-page.ts';
import { createIncidentsPage } from './incidents-page.ts';
import { createNotificationsPage } from './notifications-page.ts';
import { createOverviewPage } from './overview-page.ts';
import { createPausesPage } from './pauses-page.ts';
import { showRunbook } from './runbook-page.ts';

export type ConsolePages = ReturnType<typeof createConsolePages>;

export function createConsolePages(deps: ConsoleDependencies) {
  const { page, revealed } = createExecutionPage(deps);
  const callbacks = createCallbacksPages(deps);
  const actions = createActionPages(deps);
  return {
    overview: createOverviewPage(deps),
    executions: createExecutionsPage(deps),
    execution: page,
    /** The page of one execution without masking. */
    revealed,
    notifications: createNotificationsPage(deps),
    callbacks: callbacks.page,
    callbacksCsv: callbacks.csv,
    actions: actions.list,
    action: actions.page,
    actionCsv: actions.csv,
    activity: createActivityPage(deps),
    incidents: createIncidentsPage(deps),
    endpoints: createEndpointsPage(deps),
    runbook: showRunbook,
    pauses: createPausesPage(deps),
  };
}
