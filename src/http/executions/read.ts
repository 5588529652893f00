// /v1/executions for those who look: one, many, the audit trail, and giving one up.

import type { Context } from 'hono';
import { isTerminal } from '../../execution/execution.ts';
import { representEntry, representExecution } from '../../execution/representation.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { callerName, type Identity } from '../middleware/identity.ts';
import { createExecutionFinder, unknownExecution } from '../request/find-execution.ts';
import { encodeCursor } from '../request/list-parameters.ts';
import { preferenceApplied, preferredWait } from '../request/prefer-wait.ts';
import { howMany } from '../request/validate.ts';
import { json } from '../response/json.ts';
import { invalidInput } from '../response/problem.ts';
import { parseListQuery } from './query.ts';

type Dependencies = Pick<HttpDependencies, 'store' | 'events' | 'runtime'>;
type Handler = (c: Context, caller: Identity) => Promise<Response>;

interface Executions {
  readonly one: Handler;
  readonly list: Handler;
  readonly audit: Handler;
  readonly cancel: Handler;
}

export function createExecutions({ store, events, runtime }: Dependencies): Executions {
  const find = createExecutionFinder(store);

  return {
    one: async (c, caller) => {
      const found = await find(c, caller);
      if (found === undefined) return unknownExecution();
      const seconds = preferredWait(c.req.header('prefer'));
      const execution =
        seconds === null || isTerminal(found.status)
          ? found
          : await events.waiters.wait(found.correlationId, seconds * 1000, c.req.raw.signal);
      return json(200, representExecution(execution ?? found), { vary: 'Prefer', ...preferenceApplied(seconds) });
    },

    list: async (c, caller) => {
      const query = parseListQuery(new URL(c.req.url).searchParams, caller);
      if (!query.valid) {
        return invalidInput(`${howMany(query.errors, 'query parameter')}; errors names each.`, query.errors);
      }
      const page = await store.list(query.value);
      return json(200, {
        items: page.items.map(representExecution),
        nextCursor: page.next === null ? null : encodeCursor(page.next),
      });
    },

    audit: async (c, caller) => {
      const execution = await find(c, caller);
      if (execution === undefined) return unknownExecution();
      const entries = await store.trail(execution.correlationId);
      return json(200, { items: entries.map(representEntry) });
    },

    cancel: async (c, caller) => {
      const execution = await find(c, caller);
      if (execution === undefined) return unknownExecution();
      const by = callerName(caller);
      const recorded = await store.record(execution.reference, { type: 'cancelled', by }, runtime.world.now());
      return recorded === undefined ? unknownExecution() : json(200, representExecution(recorded.execution));
    },
  };
}
