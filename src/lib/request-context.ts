// The request that the current code runs for, through AsyncLocalStorage, so that its id is in every log line about it.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Facts, Log } from './log.ts';

export interface RequestContext {
  readonly id: string;
  /** When it arrived, milliseconds. */
  readonly at: number;
  /** Whether no other request was under way when it began, so that its commit waits for none. */
  readonly isAlone?: boolean;
  /** The execution that the request concerns; null until it is known, and for several executions. */
  correlationId: string | null;
}

const scopes = new AsyncLocalStorage<RequestContext>();

export function runInRequest<T>(scope: RequestContext, work: () => T): T {
  return scopes.run(scope, work);
}

/** Runs work that outlives its request and no longer concerns it. */
export function runOutsideRequest<T>(work: () => T): T {
  return scopes.exit(work);
}

/** Returns undefined outside a request. */
export function currentRequest(): RequestContext | undefined {
  return scopes.getStore();
}

/** Adds the execution to the log lines of the current request from here on. The id must belong to a stored execution. */
export function setRequestCorrelationId(correlationId: string): void {
  const scope = scopes.getStore();
  if (scope !== undefined) scope.correlationId = correlationId;
}

/** Returns a log that adds the request and the execution to each line. */
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
