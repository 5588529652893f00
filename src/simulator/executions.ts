// Runs executions: each has an id, ends after its run time, and sends the callbacks of its script.

import { once, setMaxListeners } from 'node:events';
import type { Json, JsonObject } from '../execution/json.ts';
import { forgetBeyond } from '../lib/bounded.ts';
import { isoTime } from '../lib/time.ts';
import type { Deliver } from './deliver.ts';
import type { Dice, SeedNames } from './dice.ts';
import type { CaseRecord, Ledger } from './ledger.ts';
import type { SimulatorOptions } from './options.ts';
import { composeCallback, forgedUrl } from './outcome.ts';
import type { CallbackStep, Run, Script } from './script.ts';

export type SimulatedExecutions = ReturnType<typeof createSimulatedExecutions>;

const MAX_RUNS = 100_000;

interface Attempt {
  readonly run: Run;
  readonly callbackUrl: string;
  readonly step: CallbackStep;
  /** From 1. */
  readonly attempt: number;
}

type Settings = Pick<SimulatorOptions, 'world' | 'redeliveries' | 'redeliveryMs'>;

interface Tools {
  readonly dice: Dice;
  readonly names: SeedNames;
  readonly ledger: Ledger;
  readonly deliver: Deliver;
}

// One function because all runs share the gates, the pending callbacks and the signal that ends them.
export function createSimulatedExecutions(settings: Settings, { dice, names, ledger, deliver }: Tools) {
  const { world } = settings;
  const runs = new Map<string, Run>();
  const pending = new Set<Promise<void>>();
  const gates = new Map<string, PromiseWithResolvers<void>>();
  let era = newEra();

  function gateOf(correlationId: string): PromiseWithResolvers<void> {
    const gate = gates.get(correlationId) ?? Promise.withResolvers<void>();
    gates.set(correlationId, gate);
    forgetBeyond(gates, MAX_RUNS);
    return gate;
  }

  async function callBack(run: Run, signal: AbortSignal): Promise<void> {
    // In sequence, so that a slow response does not change their order.
    const { callbackUrl } = run;
    if (callbackUrl === null) return;
    for (const step of run.script.callbacks) {
      if (step.held) await Promise.race([gateOf(run.record.correlationId).promise, aborted(signal)]);
      const wait = run.endsAt + (step.afterMs ?? 0) - world.now();
      if (wait > 0) await world.sleep(wait, signal);
      if (signal.aborted) return;
      await Promise.all(Array.from({ length: step.copies ?? 1 }, () => send(run, callbackUrl, step, signal)));
    }
  }

  async function send(run: Run, callbackUrl: string, step: CallbackStep, signal: AbortSignal): Promise<void> {
    // A forged callback does not come from CXone, so it is not redelivered.
    const attempts = step.forged ? 1 : 1 + settings.redeliveries;
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      if (attempt > 1) await world.sleep(settings.redeliveryMs * 2 ** (attempt - 2), signal);
      if (signal.aborted || (await attemptTo({ run, callbackUrl, step, attempt }, signal))) return;
    }
  }

  /** Sends the callback once. Returns whether it was accepted (2xx). */
  async function attemptTo({ run, callbackUrl, step, attempt }: Attempt, signal: AbortSignal): Promise<boolean> {
    const { text, contentType } = composeCallback(run, step);
    const url = step.forged ? forgedUrl(callbackUrl) : callbackUrl;
    const kind = `${step.says ?? 'outcome'} ${step.body ?? 'json'}${step.forged ? ' forged' : ''}`;
    const at = isoTime(world.now());
    const response = await deliver(url, text, contentType, signal);
    if (!signal.aborted) ledger.sent(run.record, { at, executionId: run.idText, kind, attempt, answer: response });
    return response.startsWith('2');
  }

  return {
    /** Starts a run. `calledBack` resolves when all of its callbacks have been sent and have a response. */
    start: (
      record: CaseRecord,
      script: Script,
      inputs: JsonObject,
      callbackUrl: string | null,
    ): { run: Run; calledBack: Promise<void> } => {
      const { executionId, idText } = idOf(dice.bits('execution', names.of(record, inputs), record.runs), script);
      const { simulate: _simulate, ...given } = inputs;
      const run: Run = {
        record,
        actionId: record.actionId,
        script,
        executionId,
        idText,
        callbackUrl,
        echo: { echo: given, ...filling(script.resultBytes) },
        endsAt: world.now() + script.runMs,
      };
      runs.set(idText, run);
      forgetBeyond(runs, MAX_RUNS);
      ledger.ran(record, idText, script.outcome === 'never' ? null : isoTime(run.endsAt));
      const calledBack = callBack(run, era.signal).finally(() => pending.delete(calledBack));
      pending.add(calledBack);
      return { run, calledBack };
    },
    find: (idText: string): Run | undefined => runs.get(idText),
    /** Releases the held callbacks of all present and future runs of a correlation id. */
    release: (correlationId: string): void => gateOf(correlationId).resolve(),
    get pendingCallbacks() {
      return pending.size;
    },
    /** Resolves when no callback is pending. */
    quiet: async (): Promise<void> => {
      while (pending.size > 0) await Promise.allSettled(pending);
    },
    /** Deletes all runs and drops their callbacks. */
    clear: (): void => {
      era.abort();
      era = newEra();
      runs.clear();
      gates.clear();
    },
  };
}

function newEra(): AbortController {
  const era = new AbortController();
  // Every waiting callback adds a listener.
  setMaxListeners(0, era.signal);
  return era;
}

function aborted(signal: AbortSignal): Promise<unknown> {
  return signal.aborted ? Promise.resolve() : once(signal, 'abort');
}

function idOf(
  bits: bigint,
  { idType: type, idPrefix }: Pick<Script, 'idType' | 'idPrefix'>,
): { executionId: Json; idText: string } {
  const digits = bits.toString(16).padStart(16, '0');
  if (type === 'uuid') {
    const idText = `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4ABC-8DEF-${digits.slice(4)}`.toUpperCase();
    return { executionId: idText, idText };
  }
  if (type === 'text' || idPrefix !== '') {
    const idText = `${idPrefix}sim-${digits}`;
    return { executionId: idText, idText };
  }
  // Odd and above 2^53, so that a double cannot hold it.
  const idText = String(2n ** 53n + 1n + 2n * (bits >> 3n));
  return { executionId: JSON.rawJSON(idText) as unknown as Json, idText };
}

function filling(bytes: number): JsonObject {
  return bytes > 0 ? { filling: 'x'.repeat(bytes) } : {};
}
