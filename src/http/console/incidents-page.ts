// All incidents of the last 30 days.

import { html } from 'hono/html';
import type { ConsoleDependencies } from '../dependencies.ts';
import { INCIDENTS } from './incident-actions.ts';
import { incidentTable } from './incident-lines.ts';
import { pageResponse } from './layout.ts';
import type { PageHandler } from './list-page.ts';
import { viewerOf } from './viewer.ts';

const MAX_SHOWN = 200;

export function createIncidentsPage({ store }: ConsoleDependencies): PageHandler {
  return async (_c, caller) => {
    const viewer = viewerOf(caller);
    const { items, more } = await store.listIncidents({ limit: MAX_SHOWN });
    const caption = `What has not ended, the worst first; then the newest${more ? `; the newest ${MAX_SHOWN} are shown` : ''}`;
    return pageResponse(200, viewer, {
      title: 'Incidents',
      section: INCIDENTS,
      head: html`<h1>Incidents</h1><p class="quiet">Incidents are kept for 30 days after their end.</p>`,
      live:
        items.length === 0
          ? html`<p class="quiet">There was no incident in the last 30 days.</p>`
          : incidentTable(items, caption, viewer.mayChange),
    });
  };
}
