// Acknowledging an incident from a page.

import { html } from 'hono/html';
import type { HttpParts } from '../dependencies.ts';
import { createAcknowledgement } from '../operators/incidents.ts';
import { reasonIn } from '../operators/reason.ts';
import type { Confirmation, ConfirmedAction } from './confirmation.ts';
import { notFound } from './refusals.ts';
import { seeOther } from './search.ts';
import { viewerOf } from './viewer.ts';

export const INCIDENTS = '/console/incidents';

/** Returns the place of an incident in the list. */
export function incidentPath(id: string): string {
  return `${INCIDENTS}#${encodeURIComponent(id)}`;
}

export function acknowledgePath(id: string): string {
  return `${INCIDENTS}/${encodeURIComponent(id)}/acknowledge`;
}

export function acknowledgement(deps: HttpParts, { onItem }: Confirmation): ConfirmedAction {
  const acknowledge = createAcknowledgement(deps);
  return onItem({
    section: INCIDENTS,
    find: async (c, caller) =>
      (await deps.store.findIncident(c.req.param('id') ?? '')) ??
      notFound(viewerOf(caller), INCIDENTS, 'There is no incident with this id.'),
    back: () => '/',
    readReason: reasonIn,
    ask: ({ id, endedAt, acknowledgedAt, problem }, { caller }) => {
      // What has ended, or has an operator, stays as it is.
      if (endedAt !== null || acknowledgedAt !== null) return seeOther(incidentPath(id));
      return {
        title: 'Acknowledge the incident?',
        text: html`<p>${problem}.</p><p>Other operators see that ${viewerOf(caller).name} looks after it.</p>`,
        yes: 'Yes, acknowledge it',
      };
    },
    perform: (_incident, { c, caller, reason }) => acknowledge(c, caller, reason),
    done: () => '/?done=acknowledge',
  });
}
