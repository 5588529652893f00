// Which request something is done for: carried along by what it calls, so that its id is in every line about it.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Facts, Log } from './log.ts';

export interface RequestContext {
  readonly id: string;
  /** What the request turned out to be about; null until that is known, and for what is about several. */
  correlationId: string | null;
}

const scopes = new AsyncLocalStorage<RequestContext>();

export function runInRequest<T>(scope: RequestContext, work: () => T): T {
  return scopes.run(scope, work);
}

/** For what goes on beyond the request that set it off, and is no longer about it. */
export function runOutsideRequest<T>(work: () => T): T {
  return scopes.exit(work);
}

/** Undefined for what is done by the service on its own account. */
export function currentRequest(): RequestContext | undefined {
  return scopes.getStore();
}

/** The request is about this execution: lines from here on say so. The id must be one that is known here. */
export function setRequestCorrelationId(correlationId: string): void {
  const scope = scopes.getStore();
  if (scope !== undefined) scope.correlationId = correlationId;
}

/** A log whose lines say which request they are about. */
export function withRequestFacts(log: Log): Log {
  const at = (level: 'info' | 'warn' | 'error') => (facts: Facts, message: string) =>
    log[level]({ ...named(), ...facts }, message);
  return {
    debug: (facts, message) => log.debug(() => ({ ...named(), ...facts() }), message),
    ...{ info: at('info'), warn: at('warn'), error: at('error') },
  };
}

function named(): Facts {
  const scope = scopes.getStore();
  if (scope === undefined) return {};
  const { id: requestId, correlationId } = scope;
  return correlationId === null ? { requestId } : { requestId, correlationId };
}
