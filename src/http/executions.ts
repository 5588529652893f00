// /v1/executions for those who look: one, many, the audit trail, and giving one up.

import type { Context } from 'hono';
import { type Execution, isTerminal } from '../execution/execution.ts';
import { representEntry, representExecution } from '../execution/representation.ts';
import { json } from './answers.ts';
import type { Identity } from './authentication.ts';
import type { HttpDependencies } from './dependencies.ts';
import { encodeCursor, parseListQuery } from './list-query.ts';
import { isName } from './names.ts';
import { preferredWait, waitApplied } from './preferences.ts';
import { invalidInput, problem } from './problems.ts';
import { howMany } from './validation.ts';

type Dependencies = Pick<HttpDependencies, 'store' | 'waiters' | 'world'>;
type Handler = (c: Context, caller: Identity) => Promise<Response>;

interface Executions {
  readonly one: Handler;
  readonly list: Handler;
  readonly audit: Handler;
  readonly cancel: Handler;
}

export function createExecutions({ store, waiters, world }: Dependencies): Executions {
  /** Undefined for an id that nobody has, one that nobody can have, and one of another app alike. */
  const find = async (c: Context, caller: Identity): Promise<Execution | undefined> => {
    const correlationId = c.req.param('correlationId') ?? '';
    if (!isName(correlationId)) return undefined;
    const execution = await store.find(correlationId);
    return execution !== undefined && maySee(caller, execution) ? execution : undefined;
  };

  return {
    one: async (c, caller) => {
      const found = await find(c, caller);
      if (found === undefined) return unknown();
      const seconds = preferredWait(c.req.header('prefer'));
      const execution =
        seconds === null || isTerminal(found.status)
          ? found
          : await waiters.wait(found.correlationId, seconds * 1000, c.req.raw.signal);
      return json(200, representExecution(execution ?? found), { vary: 'Prefer', ...waitApplied(seconds) });
    },

    list: async (c, caller) => {
      const query = parseListQuery(new URL(c.req.url).searchParams);
      if (!query.valid) {
        return invalidInput(`${howMany(query.errors, 'query parameter')}; errors names each.`, query.errors);
      }
      const page = await store.list({ app: caller.kind === 'app' ? caller.name : null, ...query.value });
      return json(200, {
        items: page.items.map(representExecution),
        nextCursor: page.next === null ? null : encodeCursor(page.next),
      });
    },

    audit: async (c, caller) => {
      const execution = await find(c, caller);
      if (execution === undefined) return unknown();
      const entries = await store.trail(execution.correlationId);
      return json(200, { items: entries.map(representEntry) });
    },

    cancel: async (c, caller) => {
      const execution = await find(c, caller);
      if (execution === undefined) return unknown();
      const by = `${caller.kind}:${caller.name}`;
      const recorded = await store.record(execution.reference, { type: 'cancelled', by }, world.now());
      return recorded === undefined ? unknown() : json(200, representExecution(recorded.execution));
    },
  };
}

function maySee(caller: Identity, execution: Execution): boolean {
  return caller.kind === 'operator' || caller.name === execution.app;
}

function unknown(): Response {
  return problem('not-found', 'You have no execution with this correlationId.');
}
