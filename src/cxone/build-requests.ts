// Builds the requests that a profile describes, without the token. Pure.

import type { Execution } from '../execution/execution.ts';
import { writeJson } from '../execution/json.ts';
import { buildSubmissionBody, fieldsOf, type SubmissionFields } from './build-submission.ts';
import { problemOf } from './execution-id.ts';
import { isDotSegment } from './parse-response.ts';
import type { PollableProfile, Profile } from './profile/profile.ts';
import type { HttpRequest } from './transport.ts';
import { fillTemplate } from './url-template.ts';

export function buildExecuteRequest(
  { execute }: Profile,
  base: string,
  execution: SubmissionFields & Pick<Execution, Traced>,
  callbackUrl: string,
): HttpRequest {
  return { ...encodedExecuteRequest({ execute }, base, execution, callbackUrl), once: true, pointers: execute.answer };
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
        body: writeJson(body),
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

/** The execution cannot be polled; the message says why. */
export class NoPollAddress extends Error {
  override readonly name = 'NoPollAddress';
}

type Polled = Pick<Execution, 'actionId' | 'correlationId' | 'executionId' | 'pollUrl' | Traced>;

/** @throws {NoPollAddress} */
export function buildPollRequest(
  { poll, execute, callback }: PollableProfile,
  base: string,
  execution: Polled,
): HttpRequest {
  const { actionId, correlationId, executionId, pollUrl } = execution;
  // A shared cache must not answer for CXone (RFC 9111, section 5.2.1.4).
  const head = { ...headers(poll.correlationHeader, execution), 'cache-control': 'no-cache' };
  const values = { base, actionId, correlationId };
  const pointers = { executionId: callback.executionId, ...poll.answer };
  if (poll.location && pollUrl !== null) {
    // The token goes to the host of submissions only: after a move, the stored address is looked up there.
    const { pathname, search } = new URL(pollUrl);
    // promise: poll-address-follows-moves
    const { origin } = new URL(fillTemplate(execute.url, values));
    return { method: 'GET', url: `${origin}${pathname}${search}`, headers: head, pointers };
  }
  if (poll.url === null) throw new NoPollAddress('CXone gave no poll address in a Location header');
  if (executionId === null || problemOf(executionId) !== null || isDotSegment(actionId)) {
    throw new NoPollAddress('CXone gave no executionId that a URL can carry');
  }
  return { method: 'GET', url: fillTemplate(poll.url, { ...values, executionId }), headers: head, pointers };
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
