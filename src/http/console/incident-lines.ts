// Incidents as lines, the worst first: the problem, its start, its extent, what it affects, and what to do.

import { html } from 'hono/html';
import { affectedText, CAUSES, extentText, type Incident, type Severity, stateOf } from '../../incident/incident.ts';
import type { Endpoint } from '../../store/endpoints-port.ts';
import { type Html, table } from '../html.ts';
import { endpointPath } from './endpoint-lines.ts';
import { NOTHING, number, stamp } from './format.ts';
import { acknowledgePath } from './incident-actions.ts';
import { runbookPath } from './runbook-page.ts';

/** The word and the form of the icon carry the severity; the colour only helps. */
const SEVERITIES: Readonly<Record<Severity, { readonly icon: string; readonly word: string }>> = {
  critical: { icon: '▲', word: 'Critical' },
  warning: { icon: '◆', word: 'Warning' },
};

const ENDED = { icon: '●', word: 'Ended' };

const COLUMNS = ['Severity', 'Problem', 'Since', 'Extent', 'Action or app', 'State', 'Help'];

export function incidentTable(incidents: readonly Incident[], caption: string, mayChange: boolean): Html {
  return table(
    caption,
    COLUMNS,
    incidents.map((incident) => line(incident, mayChange)),
  );
}

function line(incident: Incident, mayChange: boolean): Html {
  const { startedAt, problem } = incident;
  return html`<tr id="${incident.id}" class="incident ${classOf(incident)}"><td data-name="Severity">${severity(incident)}</td>
<th scope="row">${problem}</th><td data-name="Since">${stamp(startedAt)}</td>
<td data-name="Extent">${extent(incident)}</td>
<td data-name="Action or app">${affectedText(incident) || NOTHING}</td>
<td data-name="State">${state(incident, mayChange)}</td>
<td data-name="Help"><a href="${runbookPath(incident.cause)}">Runbook</a>${remedy(incident)}</td></tr>`;
}

function classOf(incident: Incident): string {
  return incident.endedAt === null ? CAUSES[incident.cause] : 'ended';
}

function severity(incident: Incident): Html {
  const of = SEVERITIES[CAUSES[incident.cause]];
  const { icon } = incident.endedAt === null ? of : ENDED;
  const word = incident.endedAt === null ? of.word : `${ENDED.word} (${of.word.toLowerCase()})`;
  return html`<span class="severity ${classOf(incident)}"><span aria-hidden="true">${icon}</span> ${word}</span>`;
}

function extent(incident: Incident): Html {
  const { affected, total } = incident;
  const text = extentText({ affected, total }, number);
  const place = placeOf(incident);
  if (text === '') return html`${NOTHING}`;
  return place === null ? html`${text}` : html`<a href="${place}">${text}</a>`;
}

/** Returns the list of exactly what the incident affects; null where no list has it, or no longer. */
function placeOf({ id, cause, subject, actions, endedAt }: Incident): string | null {
  // Its extent is that of the queue now.
  if (cause === 'QueueNearlyFull') return endedAt === null ? '/console/executions?status=QUEUED' : null;
  if (actions.length > 0) return `/console/executions?incident=${id}`;
  if (cause !== 'NotifyEndpointDown' || endedAt !== null) return null;
  const { app, origin } = endpointOf(subject);
  return `/console/notifications?${new URLSearchParams({ status: 'PENDING', app, endpoint: origin })}`;
}

function endpointOf(subject: string): Endpoint {
  const [app = '', origin = ''] = subject.split(' ');
  return { app, origin };
}

/** The page on which an operator acts on the cause, beside the runbook. */
function remedy({ cause, subject }: Incident): Html {
  const link = (path: string, text: string) => html` <a href="${path}">${text}</a>`;
  switch (cause) {
    case 'NotifyEndpointDown':
      return link(endpointPath(endpointOf(subject)), 'Endpoint');
    case 'DeadLetters':
      return link('/console/notifications?status=DEAD', 'Dead letters');
    case 'CallbacksMissed':
    case 'CallbacksStopped':
    case 'UnknownStatusWords':
      return link('/console/callbacks', 'Callbacks');
    default:
      return html``;
  }
}

function state(incident: Incident, mayChange: boolean): Html {
  const { endedAt, acknowledgedBy, id } = incident;
  const by = acknowledgedBy === null ? '' : html`, acknowledged by ${acknowledgedBy.replace('operator:', '')}`;
  if (endedAt !== null) return html`ended ${stamp(endedAt)}${by}`;
  if (stateOf(incident) === 'acknowledged') return html`open${by}`;
  return mayChange ? html`open <a class="button" href="${acknowledgePath(id)}">Acknowledge</a>` : html`open`;
}
