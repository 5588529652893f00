// Builds the requests that a profile describes, without the token. Pure.

import type { Execution } from '../execution/execution.ts';
import { buildSubmissionBody, fieldsOf, type SubmissionFields } from './build-submission.ts';
import type { Profile } from './profile/profile.ts';
import type { HttpRequest } from './transport.ts';
import { fillTemplate } from './url-template.ts';

export function buildExecuteRequest(
  { execute }: Profile,
  base: string,
  execution: SubmissionFields & Pick<Execution, Traced>,
  callbackUrl: string,
): HttpRequest {
  return { ...encodedExecuteRequest({ execute }, base, execution, callbackUrl), once: true };
}

function encodedExecuteRequest(
  { execute }: Pick<Profile, 'execute'>,
  base: string,
  execution: SubmissionFields & Pick<Execution, Traced>,
  callbackUrl: string,
): HttpRequest {
  const { actionId, correlationId } = execution;
  const url = fillTemplate(execute.url, { base, actionId, correlationId });
  const head = headers(execute.correlationHeader, execution);
  const body = buildSubmissionBody(execute.body, execution, callbackUrl);
  switch (execute.encoding) {
    case 'json':
      return {
        method: 'POST',
        url,
        headers: { ...head, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      };
    case 'form': {
      const type = { 'content-type': 'application/x-www-form-urlencoded' };
      return {
        method: 'POST',
        url,
        headers: { ...head, ...type },
        body: new URLSearchParams(fieldsOf(body)).toString(),
      };
    }
    case 'query':
      return { method: 'POST', url: withQuery(url, fieldsOf(body)), headers: head };
    default:
      return execute.encoding satisfies never;
  }
}

/** Encodes spaces as %20, which all servers decode alike. */
function withQuery(url: string, fields: readonly [string, string][]): string {
  const query = fields.map((field) => field.map(encodeURIComponent).join('=')).join('&');
  return query === '' ? url : `${url}${url.includes('?') ? '&' : '?'}${query}`;
}

export function buildPollRequest(
  poll: NonNullable<Profile['poll']>,
  base: string,
  execution: Pick<Execution, 'actionId' | 'correlationId' | Traced> & { readonly executionId: string },
): HttpRequest {
  const { actionId, correlationId, executionId } = execution;
  return {
    method: 'GET',
    url: fillTemplate(poll.url, { base, actionId, correlationId, executionId }),
    headers: headers(poll.correlationHeader, execution),
  };
}

type Traced = 'traceparent' | 'tracestate';

function headers(
  correlationHeader: string | null,
  { correlationId, traceparent, tracestate }: Pick<Execution, 'correlationId' | Traced>,
): Record<string, string> {
  return {
    accept: 'application/json',
    ...(correlationHeader === null ? {} : { [correlationHeader]: correlationId }),
    // promise: trace-continues-at-cxone
    ...(traceparent === null ? {} : { traceparent }),
    ...(tracestate === null ? {} : { tracestate }),
  };
}
