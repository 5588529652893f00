// /v1/incidents: lists problems, each with one cause, and notes who looks after one.

import * as v from 'valibot';
import {
  CAUSE_NAMES,
  INCIDENT_EVENTS,
  INCIDENT_STATES,
  type Incident,
  representIncident,
} from '../../incident/incident.ts';
import { isoTime } from '../../lib/time.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { type ActionOnOne, withReason } from '../executions/actions.ts';
import { callerName } from '../middleware/identity.ts';
import { component, jsonResponse } from '../openapi/components.ts';
import { queryParameters } from '../openapi/json-schema.ts';
import {
  ADMINISTRATOR_ORDER,
  type ApiOperation,
  BODY_PROBLEMS,
  type Handler,
  OPERATOR_READ,
  parameter,
} from '../openapi/operation.ts';
import { count, described, nullable, text, time as timeText } from '../openapi/schema-parts.ts';
import { LIMIT, readQuery, time, wordFilter } from '../request/list-parameters.ts';
import { json } from '../response/json.ts';
import { invalidInput, problem } from '../response/problem.ts';
import { REASON_BODY } from './reason.ts';
import { recordAction } from './record-activity.ts';

const QUERY = v.object({
  state: v.exactOptional(wordFilter(INCIDENT_STATES, 'Only those in this state.')),
  from: v.exactOptional(time('Only those that began then or later.')),
  to: v.exactOptional(time('Only those that began before then.')),
  limit: LIMIT,
});

const MEMBERS = {
  id: text('A UUIDv7. `GET /v1/executions?incident=…` lists the executions it affects.'),
  cause: described(v.picklist(CAUSE_NAMES), 'The name of its section of the runbook.'),
  severity: v.picklist(['critical', 'warning']),
  state: described(v.picklist(INCIDENT_STATES), '`acknowledged`: an operator looks after it.'),
  problem: text('The problem in one sentence.'),
  subject: nullable(v.string(), 'What distinguishes incidents of one cause, for example an endpoint.'),
  startedAt: timeText('The first sign.'),
  lastSeenAt: timeText('The latest sign.'),
  endedAt: nullable(timeText(), 'When it ended; null: it has not.'),
  affected: count('How many are affected: executions, unless the problem names something else …'),
  total: nullable(count(''), '… of this number; null: there is nothing to compare with.'),
  actions: described(v.array(v.string()), 'The affected Data Actions.'),
  apps: described(v.array(v.string()), 'The affected apps.'),
  acknowledgedAt: nullable(timeText(), 'When an operator acknowledged it.'),
  acknowledgedBy: nullable(v.string(), 'That operator.'),
  runbook: text('The section of the runbook.'),
};

const INCIDENT = component('Incident', v.object(MEMBERS));

const LIST = component(
  'Incidents',
  v.object({
    items: described(
      v.array(INCIDENT),
      'Those that have not ended, the worst first; then ended ones, the newest first.',
    ),
    more: described(v.boolean(), 'True if `limit` left some out.'),
  }),
);

const WITH_HISTORY = component(
  'IncidentWithHistory',
  v.object({
    ...MEMBERS,
    history: described(
      v.array(
        v.object({
          at: timeText(),
          event: v.picklist(INCIDENT_EVENTS),
          by: nullable(v.string(), 'The operator; null: the receiver.'),
        }),
      ),
      'Oldest first.',
    ),
  }),
);

const NOON = Date.UTC(2026, 0, 31, 12);
const EXAMPLE: Incident = {
  id: '019c1405-7a00-7000-8000-000000000002',
  cause: 'CxoneFails',
  subject: '',
  problem: 'CXone answers 503',
  startedAt: NOON,
  lastSeenAt: NOON + 38_000,
  endedAt: null,
  affected: 186,
  total: 186,
  actions: ['charge-card'],
  apps: ['shop'],
  acknowledgedAt: null,
  acknowledgedBy: null,
};
const ACKNOWLEDGED: Incident = { ...EXAMPLE, acknowledgedAt: NOON + 20_000, acknowledgedBy: 'operator:alice' };

const UNKNOWN = 'There is no incident with this id: incidents are kept for 30 days after their end.';

type Dependencies = Pick<HttpDependencies, 'store' | 'runtime' | 'controls' | 'announceForMs'>;

export const listIncidents = {
  ...OPERATOR_READ,
  operationId: 'listIncidents',
  path: '/v1/incidents',
  summary: 'List incidents',
  description:
    'An incident is a problem with one cause. It is open, acknowledged or ended, and kept for 30 days after its end.',
  parameters: queryParameters(QUERY),
  responses: {
    '200': jsonResponse('The incidents, the worst first.', LIST, {
      one: { items: [representIncident(EXAMPLE)], more: false },
      none: { items: [], more: false },
    }),
  },
  problems: ['invalid-input'],
  create:
    ({ store }: Dependencies): Handler =>
    async (c) => {
      const query = readQuery(QUERY, new URL(c.req.url).searchParams);
      if (!query.valid) return invalidInput(query.errors, 'query parameter');
      const { items, more } = await store.listIncidents(query.value);
      return json(200, { items: items.map(representIncident), more });
    },
} satisfies ApiOperation;

export const getIncident = {
  ...OPERATOR_READ,
  operationId: 'getIncident',
  path: '/v1/incidents/{id}',
  summary: 'Get an incident and its history',
  parameters: [parameter('IncidentId')],
  responses: {
    '200': jsonResponse('The incident.', WITH_HISTORY, {
      open: { ...representIncident(EXAMPLE), history: [{ at: isoTime(NOON), event: 'opened', by: null }] },
    }),
  },
  problems: ['not-found'],
  create:
    ({ store }: Dependencies): Handler =>
    async (c) => {
      const id = c.req.param('id') ?? '';
      const incident = await store.findIncident(id);
      if (incident === undefined) return problem('not-found', UNKNOWN);
      const history = await store.incidentHistory(id);
      const events = history.map(({ at, type, by }) => ({ at: isoTime(at), event: type, by }));
      return json(200, { ...representIncident(incident), history: events });
    },
} satisfies ApiOperation;

export const acknowledgeIncident = {
  ...ADMINISTRATOR_ORDER,
  operationId: 'acknowledgeIncident',
  path: '/v1/incidents/{id}/acknowledge',
  summary: 'Acknowledge an incident',
  description:
    'Shows other operators that you look after it. The first acknowledgement stays; an ended incident is returned as it is.',
  parameters: [parameter('IncidentId')],
  requestBody: REASON_BODY,
  responses: { '200': jsonResponse('The incident.', INCIDENT, { acknowledged: representIncident(ACKNOWLEDGED) }) },
  problems: ['not-found', ...BODY_PROBLEMS],
  create: (deps: Dependencies): Handler => withReason(createAcknowledgement(deps)),
} satisfies ApiOperation;

/** Returns a function that acknowledges the incident that the path names. */
export function createAcknowledgement(deps: Dependencies): ActionOnOne {
  const { store, runtime, controls, announceForMs } = deps;

  async function acknowledge(id: string, by: string): Promise<Response> {
    const now = runtime.world.now();
    const giveUpAt = announceForMs === null ? null : now + announceForMs;
    const result = await store.acknowledgeIncident(id, by, now, giveUpAt);
    if (result.outcome === 'unknown') return problem('not-found', UNKNOWN);
    const { outcome, incident } = result;
    if (outcome === 'acknowledged') {
      runtime.log.info({ incident: id, cause: incident.cause, by }, 'an operator acknowledged an incident');
      await controls.incidentsChanged();
    }
    return json(200, representIncident(incident));
  }

  return async (c, caller, reason) => {
    const incident = await store.findIncident(c.req.param('id') ?? '');
    if (incident === undefined) return problem('not-found', UNKNOWN);
    const [by, target] = [callerName(caller), incident.id];
    return recordAction(deps, { action: 'acknowledge', by, reason, target }, () => acknowledge(target, by));
  };
}
