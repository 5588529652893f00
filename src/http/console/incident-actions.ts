// Acknowledging an incident from a page.

import { html } from 'hono/html';
import type { HttpStore } from '../dependencies.ts';
import type { ActionOnOne } from '../executions/actions.ts';
import type { Confirmation, ConfirmedAction } from './confirmation.ts';
import { notFound, refusedBy } from './refusals.ts';
import { seeOther } from './search.ts';
import { viewerOf } from './viewer.ts';

export interface IncidentVerbs {
  readonly acknowledge: ActionOnOne;
}

export const INCIDENTS = '/console/incidents';

/** Returns the place of an incident in the list. */
export function incidentPath(id: string): string {
  return `${INCIDENTS}#${encodeURIComponent(id)}`;
}

export function acknowledgePath(id: string): string {
  return `${INCIDENTS}/${encodeURIComponent(id)}/acknowledge`;
}

export function createIncidentActions(
  store: Pick<HttpStore, 'findIncident'>,
  { question, confirmed }: Confirmation,
  verbs: IncidentVerbs,
): { readonly acknowledge: ConfirmedAction } {
  return {
    acknowledge: confirmed(
      async (c, _caller, viewer) => {
        const incident = await store.findIncident(c.req.param('id') ?? '');
        if (incident === undefined) return notFound(viewer, INCIDENTS, 'There is no incident with this id.');
        // What has ended, or has an operator, stays as it is.
        if (incident.endedAt !== null || incident.acknowledgedAt !== null) return seeOther(incidentPath(incident.id));
        return question(viewer, {
          section: INCIDENTS,
          title: 'Acknowledge the incident?',
          text: html`<p>${incident.problem}.</p><p>Other operators see that ${viewer.name} looks after it.</p>`,
          yes: 'Yes, acknowledge it',
          back: '/',
        });
      },
      async (c, caller, reason) => {
        const response = await verbs.acknowledge(c, caller, reason);
        return response.ok ? seeOther('/?done=acknowledge') : refusedBy(response, viewerOf(caller), INCIDENTS, '/');
      },
    ),
  };
}
