// Runs executions through their whole lives on a store, in virtual time: submissions, responses, callbacks, polls, time-outs and
// notifications, each with the calls that the loops and routes of a receiver make.

import { newExecution } from '../../src/execution/execution.ts';
import { timeOrderedIds } from '../../src/lib/world.ts';
import type { Store } from '../../src/store/port.ts';
import { FINGERPRINT, submissionOf, TAKEN } from '../prepared.ts';

/** Waves over which the callbacks of a wave come, waves before the first poll, and from there to the deadline. */
const CALLED_BACK = 5;
const GRACE = 8;
const POLLING = 4;
/** Waves from one sign of life to the next. */
const BEAT = 10;
/** Of 20 executions, one gets no result, two get it by a poll, and the others by a callback. Ten notify their app. */
const FATES = 20;
const BY_POLL = 2;
/** One of ten deliveries fails. */
const FAILING = 10;

const HOOK = 'https://app.example/ended';
const COMPLETED = { kind: 'completed', statusWord: 'COMPLETED', result: { accepted: true }, error: null } as const;
const RUNNING = { kind: 'progress', statusWord: 'RUNNING', result: null, error: null } as const;
const ANSWER = { httpStatus: 200, latencyMs: 20 } as const;

export interface Lifecycles {
  /** Executions that were submitted. */
  submitted(): number;
  /** The virtual time, milliseconds. */
  now(): number;
  /** Submits the executions of one wave, and does what is due. */
  wave(): Promise<void>;
}

export interface LifecyclePace {
  /** When the first ones are submitted, in virtual milliseconds. */
  readonly begin: number;
  /** Virtual time from one submission to the next, milliseconds. */
  readonly everyMs: number;
  /** Executions that are submitted at the same time. Calls about them are made at the same time, so that they share commits. */
  readonly perWave: number;
}

// One function because its steps share the virtual time and what is due in it.
export function createLifecycles(store: Store, { begin, everyMs, perWave }: LifecyclePace): Lifecycles {
  const newId = timeOrderedIds();
  const waveMs = perWave * everyMs;
  const seconds = (waves: number) => Math.ceil((waves * waveMs) / 1000);
  /** The references whose callbacks come in a wave. */
  const calling = new Map<number, string[]>();
  /** The executions that get no result. */
  const lost = new Set<string>();
  let now = begin;
  let waves = 0;
  let count = 0;
  let deliveries = 0;

  async function submit(): Promise<void> {
    const added = Array.from({ length: perWave }, () => {
      const reference = newId(now);
      const fate = count % FATES;
      count += 1;
      const notifyUrl = fate % 2 === 0 ? HOOK : null;
      const submission = { ...submissionOf(reference, seconds(GRACE)), timeoutSeconds: seconds(POLLING), notifyUrl };
      if (fate === 0) lost.add(reference);
      if (fate > BY_POLL) {
        const wave = waves + 2 + (fate % CALLED_BACK);
        calling.set(wave, [...(calling.get(wave) ?? []), reference]);
      }
      const execution = newExecution(submission, reference, now, now + GRACE * waveMs);
      return store.add({ execution, fingerprint: FINGERPRINT, queueCapacity: 10 * perWave });
    });
    for (const { outcome } of await Promise.all(added)) {
      if (outcome !== 'added') throw new Error(`a submission was not added: ${outcome}`);
    }
  }

  async function send(): Promise<void> {
    const claimed = await store.claimDispatches(perWave, now);
    await Promise.all(
      claimed.map(({ reference }) => store.record(reference, { ...TAKEN, executionId: `cx-${reference}` }, now + 1)),
    );
  }

  async function callBack(): Promise<void> {
    const references = calling.get(waves) ?? [];
    calling.delete(waves);
    await Promise.all(
      references.map((reference) =>
        store.record(reference, { type: 'callback', executionId: `cx-${reference}`, report: COMPLETED }, now + 2),
      ),
    );
  }

  async function poll(): Promise<void> {
    const due = await store.claimPolls(perWave, now, now + waveMs);
    await Promise.all(
      due.map(({ reference, deadline }) => {
        const final = now >= (deadline ?? 0);
        const report = lost.has(reference) ? RUNNING : COMPLETED;
        if (final) lost.delete(reference);
        return store.record(reference, { type: 'polled', ...ANSWER, report, final, nextPollAt: now + waveMs }, now + 3);
      }),
    );
  }

  async function notify(): Promise<void> {
    for (const lane of await store.lanes()) {
      const due = await store.claimNotifications(lane, { limit: perWave, probe: false }, now, now + waveMs);
      await Promise.all(
        due.map(({ notification: { id } }) => {
          deliveries += 1;
          const fails = deliveries % FAILING === 0;
          const failure = {
            ...ANSWER,
            type: 'failed',
            httpStatus: 503,
            message: '503',
            retryAt: now + waveMs,
          } as const;
          return store.recordDelivery(id, fails ? failure : { ...ANSWER, type: 'delivered' }, now + 4);
        }),
      );
    }
  }

  return {
    submitted: () => count,
    now: () => now,
    wave: async () => {
      // At the same time, as the loops and routes of a receiver are.
      await Promise.all([submit(), send(), callBack(), poll(), notify()]);
      if (waves % BEAT === 0) await store.ping(now);
      now += waveMs;
      waves += 1;
    },
  };
}
