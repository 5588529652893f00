// The simulated CXone: token, execute and poll endpoints, callbacks, and their failures.

import { Hono } from 'hono';
import { createActionRoutes } from './action-routes.ts';
import { apiOf } from './api/by-dialect.ts';
import { createCalls } from './calls.ts';
import { createControlRoutes } from './control-routes.ts';
import { createDeliver } from './deliver.ts';
import { createDice, createSeedNames } from './dice.ts';
import { createSimulatedExecutions } from './executions.ts';
import { createLedger } from './ledger.ts';
import { createQuota, createRateLimit } from './limits.ts';
import { type Listening, listen } from './listen.ts';
import { type SimulatorOptions, withDefaults } from './options.ts';
import { createMove, createOutage } from './outage.ts';
import { addReadiness, json, type SimulatorEnv } from './responses.ts';
import type { Simulator } from './simulator.ts';
import { addTokenRoutes } from './token-routes.ts';
import { createTokens } from './tokens.ts';

/** One function because the parts of a simulator are reset and closed together. Creates one that does not yet listen. @throws {RangeError} if the rates are invalid. */
export function createSimulator(given: Partial<SimulatorOptions> = {}): Simulator {
  const options = withDefaults(given);
  const closing = new AbortController();
  const dice = createDice(options.seed);
  const names = createSeedNames();
  const ledger = createLedger(options.watch);
  const tokens = createTokens(options);
  const outage = createOutage(options.world);
  const move = createMove();
  const { deliver, close: closeDeliver } = createDeliver(options.callbackTimeoutMs);
  const executions = createSimulatedExecutions(options, { dice, names, ledger, deliver });
  const listeners = new Set<Listening>();

  const simulator: Simulator = {
    fetch: (...args) => app.fetch(...args),
    listen: async (place) => {
      const listening = await listen(app.fetch, place);
      listeners.add(listening);
      return listening;
    },
    stats: () => ({ ...ledger.sums(), pendingCallbacks: executions.pendingCallbacks }),
    executions: ledger.all,
    execution: ledger.find,
    outage: outage.begin,
    move: move.begin,
    revokeTokens: tokens.revoke,
    release: executions.release,
    quiet: executions.quiet,
    reset: () => {
      executions.clear();
      ledger.clear();
      names.clear();
      tokens.revoke();
      outage.begin({ answer: 503, ms: 0 });
      move.begin(null);
    },
    close: async () => {
      closing.abort();
      executions.clear();
      await Promise.all([...listeners].map((listening) => listening.close()));
      await executions.quiet();
      closeDeliver();
    },
    [Symbol.asyncDispose]: () => simulator.close(),
  };

  const app = new Hono<SimulatorEnv>();
  const calls = createCalls({
    options,
    ledger,
    outage,
    move,
    tokens,
    rateLimit: createRateLimit(options),
    quota: createQuota(options),
  });
  const actions = createActionRoutes({ options, dice, names, executions, closing: closing.signal });
  const api = apiOf(options.dialect);
  let unnamed = 0;

  addReadiness(app);
  addTokenRoutes({ app, calls, move, tokens, options, closing: closing.signal });
  app.post(
    api.executePath,
    calls.counted('execute', async (c) => {
      unnamed += 1;
      return ledger.open(c.req.header('x-correlation-id') ?? `unnamed-${unnamed}`, await api.actionOf(c));
    }),
    calls.guarded(api.scopes.execute),
    actions.execute,
  );
  if (api.pollPath !== null) {
    app.get(
      api.pollPath,
      calls.counted('poll', (c) => executions.find(c.req.param('executionId') ?? '')?.record),
      calls.guarded(api.scopes.poll),
      actions.poll,
    );
  }
  app.route('/simulator', createControlRoutes(simulator));
  app.notFound(() => json(404, { message: 'there is nothing here; GET /simulator lists the control endpoints' }));
  return simulator;
}
