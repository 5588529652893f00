// Apps that keep submitting while the receiver crashes, with a journal of every response.

import type { Dice } from '../../src/simulator/dice.ts';
import { cancel, post, type Setting } from './receiver.ts';
import { repeats, type Wish, wishFor } from './wishes.ts';

export interface Load {
  /** The accepted submissions: the mark of each, and its correlation id once that was read. */
  readonly accepted: ReadonlyMap<string, string | null>;
  /** Correlation ids whose cancellation was answered. */
  readonly cancelled: ReadonlySet<string>;
  /** The number of repetitions of answered requests. */
  readonly repeated: () => number;
  /** Responses that must not occur. */
  readonly oddities: readonly string[];
  stop(): Promise<void>;
}

const WORKERS = 6;
const PAUSE_MS = 10;
/** The share of answered requests that are repeated at once, and later: mostly in another life of the receiver. */
const AGAIN = 0.1;
const LATER = 0.1;
const CANCELLED = 0.08;

/** Each worker repeats a request until it is answered: a request with an id or a key must never run twice. */
export function startLoad(setting: Setting, dice: Dice, name: string, most: number): Load {
  const accepted = new Map<string, string | null>();
  const cancelled = new Set<string>();
  const oddities: string[] = [];
  const answered: Wish[] = [];
  let repeated = 0;
  let going = true;

  const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));

  function note(mark: string, id: string | null): void {
    const known = accepted.get(mark) ?? null;
    if (known !== null && id !== null && known !== id) oddities.push(`${mark} was answered as ${known} and as ${id}`);
    accepted.set(mark, known ?? id);
  }

  function noteAnswer(wish: Wish, answer: Response, body: unknown, again: boolean): void {
    const summary = `${answer.status} ${JSON.stringify(body)} to ${wish.name}`;
    if (!answer.ok) {
      oddities.push(summary);
      return;
    }
    const ids = body === null ? wish.marks.map(() => null) : wish.idsIn(body);
    if (ids.length !== wish.marks.length) oddities.push(summary);
    for (const [index, mark] of wish.marks.entries()) note(mark, ids[index] ?? null);
    if (again) repeated += 1;
    if (again && body !== null && !repeats(answer, body)) oddities.push(`accepted again: ${summary}`);
  }

  /** Whether it was answered. */
  async function attempt(wish: Wish, again: boolean): Promise<boolean> {
    const answer = await post(setting, wish.request).catch(() => null);
    if (answer === null || answer.status === 503) return false;
    // The status line is the acknowledgement; the crash may cut off the rest.
    const body = await answer.json().catch(() => null);
    noteAnswer(wish, answer, body, again);
    return true;
  }

  async function insist(wish: Wish, again: boolean): Promise<void> {
    while (going && !(await attempt(wish, again))) await pause();
  }

  async function giveUp(mark: string): Promise<void> {
    const id = accepted.get(mark) ?? null;
    if (id === null) return;
    const answer = await cancel(setting, id).catch(() => null);
    if (answer?.status === 200) cancelled.add(id);
    else if (answer !== null && answer.status !== 503) oddities.push(`${answer.status} to the cancel of ${id}`);
    await answer?.arrayBuffer().catch(() => {});
  }

  /** The request after a response: a repetition, a cancellation, or a repetition of an earlier one. */
  async function goOn(wish: Wish): Promise<void> {
    const chance = (what: string) => dice.roll(what, wish.name);
    if (chance('again') < AGAIN) await insist(wish, true);
    if (chance('cancel') < CANCELLED) await giveUp(wish.marks[0] ?? '');
    const earlier = answered[Math.floor(chance('earlier') * answered.length)];
    if (earlier !== undefined && chance('later') < LATER) await insist(earlier, true);
  }

  async function work(worker: number): Promise<void> {
    for (let i = 0; going && accepted.size < most; i += 1) {
      const wish = wishFor(`${name}-${worker}-${i}`, setting, dice);
      await insist(wish, false);
      if (going) answered.push(wish);
      await goOn(wish);
      await pause();
    }
  }

  const working = Array.from({ length: WORKERS }, (_, worker) => work(worker));
  return {
    accepted,
    cancelled,
    repeated: () => repeated,
    oddities,
    stop: async () => {
      going = false;
      await Promise.all(working);
    },
  };
}
