// The spans and their attributes: names, numbers and outcomes. Never inputs, results, texts of CXone, keys or URLs.

import type { PollResponse, SubmitResponse } from '../../cxone/port.ts';
import type { Execution } from '../../execution/execution.ts';
import type { ClaimedNotification } from '../../store/outbox-port.ts';
import type { RecordResult } from '../../store/port.ts';
import type { DeliveryResult } from '../../webhooks/port.ts';
import type { Attributes, SpanEnd, Step } from './tracing.ts';

/** Names and attributes of HTTP follow the semantic conventions of OpenTelemetry; the rest is called `cxone.…`. */
export const SEND: Step = { name: 'execute', kind: 'client' };
export const POLL: Step = { name: 'poll', kind: 'client' };
export const NOTIFY: Step = { name: 'notify', kind: 'client' };
export const RECEIVE_CALLBACK: Step = { name: 'POST /webhook/cxone-execution/{token}', kind: 'server' };

export function sentEnd(execution: Execution, answer: SubmitResponse): SpanEnd {
  const executionId = answer.type === 'submitted' ? answer.executionId : null;
  return {
    attributes: {
      ...executionAttributes({ ...execution, executionId: executionId ?? execution.executionId }),
      ...clientAttributes('POST', answer.httpStatus, answer.type),
      'cxone.attempt': execution.attempts,
    },
    error: answer.type === 'submitted' ? null : answer.type,
  };
}

export function polledEnd(execution: Execution, answer: PollResponse): SpanEnd {
  return {
    attributes: {
      ...executionAttributes(execution),
      ...clientAttributes('GET', answer.httpStatus, answer.type),
      'cxone.attempt': execution.pollCount + 1,
    },
    error: answer.type === 'polled' ? null : answer.type,
  };
}

export function callbackEnd({ execution, outcome }: RecordResult, httpStatus: number): SpanEnd {
  return {
    attributes: {
      ...executionAttributes(execution),
      ...served('/webhook/cxone-execution/{token}', httpStatus),
      'cxone.outcome': outcome,
    },
    error: failure(httpStatus),
  };
}

export function notifiedEnd({ notification, execution }: ClaimedNotification, receipt: DeliveryResult): SpanEnd {
  return {
    attributes: {
      ...executionAttributes(execution),
      ...clientAttributes('POST', receipt.httpStatus, receipt.type),
      'cxone.notification_id': notification.id,
      'cxone.notification_type': notification.type,
      'cxone.attempt': notification.attempts + 1,
    },
    error: receipt.type === 'delivered' ? null : receipt.type,
  };
}

/** Attributes of every request of an app; `route` is the template of the path. */
export function served(route: string, httpStatus: number): Attributes {
  return {
    'http.request.method': 'POST',
    'http.route': route,
    'http.response.status_code': httpStatus,
    ...(failure(httpStatus) === null ? {} : { 'error.type': String(httpStatus) }),
  };
}

/** For a server span only a 5xx is an error, since a 4xx is the client's fault. */
export function failure(httpStatus: number): string | null {
  return httpStatus >= 500 ? String(httpStatus) : null;
}

function executionAttributes({
  correlationId,
  actionId,
  app,
  executionId,
}: Pick<Execution, 'correlationId' | 'actionId' | 'app' | 'executionId'>): Attributes {
  return {
    'cxone.correlation_id': correlationId,
    'cxone.action_id': actionId,
    'cxone.app': app,
    ...(executionId === null ? {} : { 'cxone.execution_id': executionId }),
  };
}

/** Status 0 stands for no response. */
function clientAttributes(method: string, httpStatus: number, outcome: string): Attributes {
  const fine = httpStatus > 0 && httpStatus < 400;
  return {
    'http.request.method': method,
    ...(httpStatus === 0 ? {} : { 'http.response.status_code': httpStatus }),
    ...(fine ? {} : { 'error.type': httpStatus === 0 ? outcome : String(httpStatus) }),
    'cxone.outcome': outcome,
  };
}
