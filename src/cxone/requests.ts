// The requests that a profile describes, but for the token in them. Pure.

import type { Dispatchable, Execution } from '../execution/execution.ts';
import { isJsonObject, type Json, type JsonObject } from '../execution/json.ts';
import type { HttpRequest } from './exchange.ts';
import { change, segmentsOf } from './pointer.ts';
import type { Profile } from './profile.ts';
import { fillTemplate } from './template.ts';

export function executeRequest(
  { execute }: Profile,
  base: string,
  execution: Pick<Dispatchable, 'actionId' | 'correlationId' | 'inputs' | 'context' | Traced>,
  callbackUrl: string,
): HttpRequest {
  const { actionId, correlationId } = execution;
  return {
    method: 'POST',
    url: fillTemplate(execute.url, { base, actionId, correlationId }),
    headers: { ...headers(execute.correlationHeader, execution), 'content-type': 'application/json' },
    body: JSON.stringify(executeBody(execute.body, execution, callbackUrl)),
  };
}

export function pollRequest(
  { poll }: Profile,
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
    ...(traceparent === null ? {} : { traceparent }),
    ...(tracestate === null ? {} : { tracestate }),
  };
}

/** What is ours (constant members, callback URL, correlation id) stands, also where an app sent something of that name. */
function executeBody(
  places: Profile['execute']['body'],
  { inputs, context, correlationId }: Pick<Dispatchable, 'inputs' | 'context' | 'correlationId'>,
  callbackUrl: string,
): Json {
  const around = (given: JsonObject) => (constant: Json | undefined) =>
    isJsonObject(constant) ? { ...given, ...constant } : given;
  let body: Json = places.members;
  body = change(body, segmentsOf(places.inputs), around(inputs));
  body = change(body, segmentsOf(places.context), around(context));
  body = change(body, segmentsOf(places.callbackUrl), () => callbackUrl);
  if (places.correlationId !== null) body = change(body, segmentsOf(places.correlationId), () => correlationId);
  return body;
}
