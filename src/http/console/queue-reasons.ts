// Why a queued execution waits, and its position in the queue of its app.

import { html } from 'hono/html';
import type { Execution } from '../../execution/execution.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import type { Html } from '../html.ts';
import { moment, number } from './format.ts';

/** Executions before one that are counted. */
const MAX_BEFORE = 10_000;

/** Returns a function that states the position of a queued execution and what holds it up; null for any other execution. */
export function createQueueReasons({ store, pages, runtime: { world } }: ConsoleDependencies) {
  return async (execution: Execution): Promise<Html | null> => {
    const { status, app, dispatchAt } = execution;
    if (status !== 'QUEUED' || dispatchAt === null) return null;
    const before = await store.queuedBefore(execution, MAX_BEFORE);
    const position = before >= MAX_BEFORE ? `after ${number(MAX_BEFORE)} others` : `number ${number(before + 1)}`;
    return html`Waits as ${position} in the queue of ${app}: ${reason(execution, dispatchAt)}.`;
  };

  function reason({ attempts }: Execution, dispatchAt: number): Html {
    const now = world.now();
    const { pausedUntil, tokenProblem, connectionProblems } = pages.upstreamState();
    if (pausedUntil > now) return html`CXone asked for a pause of all requests until ${moment(pausedUntil)}`;
    if (tokenProblem !== null) {
      return html`CXone gives no access token since ${moment(tokenProblem.since)}, ${tokenProblem.reason}`;
    }
    const [problem] = connectionProblems;
    if (problem !== undefined) {
      return html`CXone cannot be reached at ${problem.origin} since ${moment(problem.since)}, ${problem.reason}`;
    }
    if (dispatchAt > now) {
      return attempts > 0
        ? html`CXone did not take it, and it is sent again ${moment(dispatchAt)}`
        : html`it is sent ${moment(dispatchAt)}`;
    }
    return html`it is sent as soon as the limits of CXone allow`;
  }
}
