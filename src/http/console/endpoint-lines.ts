// What pages state about endpoints of apps, and why a pending notification waits.

import { html } from 'hono/html';
import type { Endpoint } from '../../store/endpoints-port.ts';
import type { Html } from '../html.ts';
import { type EndpointState, MAX_WAITING, type ShownNotification } from '../operators/endpoint-state.ts';
import { moment, NOTHING, number, stamp } from './format.ts';

export const ENDPOINTS = '/console/endpoints';

export const NO_ENDPOINT = 'This address names no endpoint of an app.';

/** Returns the page of one endpoint, or with `action` the question before that action. */
export function endpointPath({ app, origin }: Endpoint, action?: 'pause' | 'resume' | 'probe'): string {
  const path = action === undefined ? ENDPOINTS : `${ENDPOINTS}/${action}`;
  return `${path}?${new URLSearchParams({ app, origin })}`;
}

/** States whether the endpoint is paused or fails: `no answer: ECONNREFUSED, circuit open since …, next probe …`. */
export function endpointCondition({ pause, circuit }: EndpointState, now: number): Html | null {
  if (pause !== null) {
    const reason = pause.reason === null ? '' : `: ${pause.reason}`;
    return html`<strong class="severity critical">paused</strong> since ${stamp(pause.since)} by ${pause.by.replace('operator:', '')}${reason}`;
  }
  if (circuit === null) return null;
  const probe = circuit.nextProbeAt <= now ? 'a probe is due' : html`next probe ${stamp(circuit.nextProbeAt)}`;
  return html`${circuit.failure ?? 'unknown reason'}, circuit open since ${stamp(circuit.since)}, ${probe}`;
}

/** Returns why a pending notification has not been sent. Nothing in it is in the past that is still to come. */
export function whyItWaits({ dueAt, lastError, attempts, endpoint, readAt }: ShownNotification): Html {
  if (dueAt === null) return html`waits for the earlier notification of its execution`;
  const condition = endpoint && endpointCondition(endpoint, readAt);
  if (endpoint !== null && condition !== null) {
    return html`${condition}, ${countText(Math.max(0, endpoint.waiting - 1), endpoint.waiting)} waiting behind it`;
  }
  const failed = lastError === null ? '' : html`${lastError}; `;
  const next = dueAt <= readAt ? 'is sent in its turn' : html`attempt ${number(attempts + 1)} ${stamp(dueAt)}`;
  return html`${failed}${next}`;
}

/** When something is due next: never in the past. */
export function nextTime(dueAt: number, endpoint: EndpointState | undefined, now: number): Html {
  if (endpoint?.pause) return html`${NOTHING}`;
  const at = Math.max(dueAt, endpoint?.circuit?.nextProbeAt ?? 0);
  return at <= now ? html`now` : moment(at);
}

export function waitingText({ waiting }: EndpointState): string {
  return countText(waiting, waiting);
}

function countText(shown: number, counted: number): string {
  return counted >= MAX_WAITING ? `${number(MAX_WAITING)}+` : number(shown);
}
