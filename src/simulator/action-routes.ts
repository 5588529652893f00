// The execute and poll endpoints, which respond as the script of the execution defines.

import type { Context } from 'hono';
import type { JsonObject } from '../execution/json.ts';
import { apiOf } from './api/by-dialect.ts';
import { BadDials, chooseScript } from './choose.ts';
import type { Dice, SeedNames } from './dice.ts';
import type { SimulatedExecutions } from './executions.ts';
import type { CaseRecord } from './ledger.ts';
import type { SimulatorOptions } from './options.ts';
import { json, refusalHeaders, respond, retryAfter, type SimulatorEnv, withHeaders } from './responses.ts';
import { type PollStep, type Run, type Script, type SubmitStep, stepAt } from './script.ts';

export interface ActionParts {
  readonly options: SimulatorOptions;
  readonly dice: Dice;
  readonly names: SeedNames;
  readonly executions: SimulatedExecutions;
  /** Aborts when the simulator closes. */
  readonly closing: AbortSignal;
}

type Handler = (c: Context<SimulatorEnv>) => Promise<Response>;

/** The position of a correlation id in its script. */
interface Progress {
  submits: number;
  polls: number;
  /** The time of the last poll, or of the start. */
  askedAt: number;
}

// One function because both endpoints share the progress of each correlation id.
export function createActionRoutes({ options, dice, names, executions, closing }: ActionParts) {
  const { world } = options;
  const api = apiOf(options.dialect);
  const progress = new WeakMap<CaseRecord, Progress>();

  const pause = async (ms: number) => {
    if (ms > 0) await world.sleep(ms, closing);
  };

  const progressOf = (record: CaseRecord): Progress => {
    const found = progress.get(record) ?? { submits: 0, polls: 0, askedAt: 0 };
    progress.set(record, found);
    return found;
  };

  const execute: Handler = async (c) => {
    const record = c.get('record');
    if (record === undefined) throw new Error('an execute call has a record');
    const order = await api.read(c);
    if (typeof order === 'string') return respond(c, 400, order);
    const script = readScript(order.inputs, record);
    if (typeof script === 'string') return respond(c, 400, script);
    record.fate = script.fate;

    const soFar = progressOf(record);
    const step = nextSubmit(soFar, script);
    await pause(script.latencyMs);
    const started = runs(step) ? executions.start(record, script, order.inputs, order.callbackUrl) : null;
    soFar.askedAt = world.now();
    c.set('cut', step.cut ?? false);
    if (step.afterCallbacks) await started?.calledBack;
    const headers = refusalHeaders(step, step.retryAfterAsDate === true, world.now());
    if (typeof step.answer === 'number' && step.answer < 300) {
      return withHeaders(api.accepted(step, step.answer, started?.run), { ...headers, ...routeTo(started?.run) });
    }
    return respond(c, step.answer, `simulated ${step.answer}, as the fate ${script.fate} says`, headers);
  };

  const readScript = (inputs: JsonObject, record: CaseRecord): Script | string => {
    try {
      return chooseScript(inputs, names.of(record, inputs), options, dice);
    } catch (error) {
      if (error instanceof BadDials) return error.message;
      throw error;
    }
  };

  const poll: Handler = async (c) => {
    const executionId = c.req.param('executionId') ?? '';
    const run = executions.find(executionId);
    if (run === undefined || !api.isAbout(c, run)) return respond(c, 404, 'the execution does not exist');
    if (isMisrouted(c, run)) {
      return respond(c, 404, 'this server does not know the execution: the cookie of its gateway is missing');
    }
    const asked = progressOf(run.record);
    const tooSoonMs = asked.askedAt + api.minPollMs - world.now();
    if (api.minPollMs > 0 && tooSoonMs > 0) {
      const headers = retryAfter(tooSoonMs / 1000, options.retryAfter, world.now());
      return respond(c, 429, `polled too soon: at most once in ${api.minPollMs / 1000} seconds`, headers);
    }
    asked.askedAt = world.now();
    const step: PollStep = stepAt(run.script.polls, asked.polls);
    asked.polls += 1;
    await pause(options.latencyMs + options.jitterMs * dice.roll('poll', executionId, asked.polls));
    return respondToPoll(c, run, step);
  };

  const respondToPoll = (c: Context<SimulatorEnv>, run: Run, step: PollStep): Response | Promise<Response> => {
    const { answer, names = 'itself', cut = false, ...more } = typeof step === 'object' ? step : { answer: step };
    const headers = refusalHeaders(more, options.retryAfter === 'date', world.now());
    c.set('cut', cut);
    const named = names === 'another' ? { ...run, executionId: `not-${run.idText}` } : run;
    if (answer === 'truth') return json(200, api.currentStatus(named, world.now()), headers);
    // At this time, no run has ended.
    if (answer === 'running') return json(200, api.currentStatus(named, Number.NEGATIVE_INFINITY), headers);
    return respond(c, answer, `simulated ${answer}, as the fate ${run.script.fate} says`, headers);
  };

  return { execute, poll };
}

function nextSubmit(progress: Progress, script: Script): SubmitStep {
  const step = stepAt(script.submits, progress.submits);
  progress.submits += 1;
  return step;
}

function isMisrouted(c: Context<SimulatorEnv>, run: Run): boolean {
  const sent = c.req.header('cookie')?.split(/; */) ?? [];
  return run.script.sticky && !sent.includes(cookieOf(run));
}

function routeTo(run: Run | undefined): Readonly<Record<string, string>> {
  return run?.script.sticky ? { 'set-cookie': `${cookieOf(run)}; Path=/; HttpOnly` } : {};
}

/** The route to the server that accepted the execution. */
function cookieOf({ idText }: Run): string {
  return `simulator-route=${encodeURIComponent(idText)}`;
}

function runs(step: SubmitStep): boolean {
  return step.runs ?? (typeof step.answer !== 'number' || step.answer < 300);
}
