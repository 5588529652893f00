// Apps that keep submitting whatever happens to the receiver, with a journal of everything that was answered.

import type { Dice } from '../../src/simulator/dice.ts';
import { type Setting, submit } from './receiver.ts';

export interface Load {
  /** Correlation ids that were answered 202, or 200 as a repetition. */
  readonly accepted: ReadonlySet<string>;
  /** Answers that nobody should get. */
  readonly oddities: readonly string[];
  stop(): Promise<void>;
}

const WORKERS = 6;
const PAUSE_MS = 10;

/** Each worker repeats a submission until it is answered: the same correlation id must never run twice. */
export function startLoad(setting: Setting, dice: Dice, name: string, most: number): Load {
  const accepted = new Set<string>();
  const oddities: string[] = [];
  let going = true;

  const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));

  async function attempt(correlationId: string): Promise<boolean> {
    const graceSeconds = Math.floor(dice.roll('grace', correlationId) * 2);
    const answer = await submit(setting, { actionId: 'charge', correlationId, timeoutSeconds: 5, graceSeconds }).catch(
      () => null,
    );
    if (answer === null || answer.status === 503) return false;
    if (answer.status === 200 || answer.status === 202) accepted.add(correlationId);
    else oddities.push(`${answer.status} to the submission of ${correlationId}`);
    // The status line is the acknowledgement; the rest may be cut off by the crash.
    await answer.arrayBuffer().catch(() => {});
    return true;
  }

  async function work(worker: number): Promise<void> {
    for (let i = 0; going && accepted.size < most; i += 1) {
      while (going && !(await attempt(`${name}-${worker}-${i}`))) await pause();
      await pause();
    }
  }

  const working = Array.from({ length: WORKERS }, (_, worker) => work(worker));
  return {
    accepted,
    oddities,
    stop: async () => {
      going = false;
      await Promise.all(working);
    },
  };
}
