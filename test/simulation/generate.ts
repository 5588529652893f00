// Makes a history from a seed. The histories differ in character: some are calm, some have many faults, and some have one kind of fault.

import { seededRandom } from '../support/manual-world.ts';
import {
  type Act,
  CALLBACK_WORDS,
  type CallbackWords,
  type Fate,
  FORGERIES,
  type History,
  type Order,
  OUTAGES,
  type PlannedCallback,
  POLL_FATES,
  POST_FATES,
  type Settings,
  type Step,
  TOKEN_FATES,
} from './history.ts';

const MAX_SLOTS = 8;

/** The number of slots that an act uses. */
const SLOTS: Partial<Record<Act['type'], number>> = { submit: 1, batch: 3 };

const CHANGES = ['same', 'same', 'members in another order', 'another body', 'another app'] as const;

interface Dice {
  chance(probability: number): boolean;
  /** A whole number from `from` to `to`. */
  between(from: number, to: number): number;
  pick<T>(list: readonly T[]): T;
  /** Up to `max` of them. */
  some<T>(max: number, roll: () => T): T[];
  /** From `from` to `to`, with each order of magnitude equally likely. */
  magnitude(from: number, to: number): number;
}

function createDice(seed: number): Dice {
  const random = seededRandom(seed);
  const dice: Dice = {
    chance: (probability) => random() < probability,
    between: (from, to) => from + Math.floor(random() * (to - from + 1)),
    pick: <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T,
    some: (max, roll) => Array.from({ length: dice.between(0, max) }, roll),
    magnitude: (from, to) => Math.round(from * (to / from) ** random()),
  };
  return dice;
}

interface Temper {
  readonly posts: number;
  readonly polls: number;
  readonly callbacks: number;
  readonly lostCallbacks: number;
  readonly acts: readonly Act['type'][];
}

const ALWAYS: readonly Act['type'][] = [
  'submit',
  'submit',
  'submit',
  'time passes',
  'time passes',
  'time passes',
  'look',
];
const SOMETIMES: readonly (readonly Act['type'][])[] = [
  ['submit again', 'submit again'],
  ['batch', 'batch again', 'batch again'],
  ['cancel'],
  ['callback', 'callback', 'callback'],
  ['forged callback'],
  ['outage'],
  ['token trouble'],
  ['tokens revoked'],
  ['clock is set'],
  ['crash', 'crash'],
  ['orderly restart'],
  ['poll', 'poll'],
];

export function generate(seed: number): History {
  const dice = createDice(seed);
  const rate = () => dice.pick([0, 0.15, 0.5, 0.9]);
  const temper: Temper = {
    posts: rate(),
    polls: rate(),
    callbacks: rate(),
    lostCallbacks: rate(),
    acts: [...ALWAYS, ...SOMETIMES.filter(() => dice.chance(0.6)).flat()],
  };
  const count = dice.between(5, 40);
  const together = dice.pick([0, 0.2, 0.6]);
  let slots = 0;
  const steps = Array.from({ length: count }, (): Step => {
    let type = dice.pick(temper.acts);
    if (slots === 0) type = 'submit';
    if (slots + (SLOTS[type] ?? 0) > MAX_SLOTS) type = 'time passes';
    slots += SLOTS[type] ?? 0;
    return { ...act(type, slots, dice, temper), together: dice.chance(together) };
  });
  return { seed, settings: settings(dice), steps };
}

function settings(dice: Dice): Settings {
  return {
    trust: dice.pick(['signature', 'signature', 'signature', 'verify']),
    maxConcurrent: dice.pick([1, 2, 10]),
    ratePerSecond: dice.pick([2, 10, 100]),
    queueCapacity: dice.pick([2, 1000, 1000]),
    queueTimeoutSeconds: dice.pick([20, 60, 300]),
    pollIntervalSeconds: dice.pick([1, 2, 5]),
  };
}

function act(type: Act['type'], slots: number, dice: Dice, temper: Temper): Act {
  const slot = dice.between(0, Math.max(0, slots - 1));
  switch (type) {
    case 'submit':
      return {
        type,
        ...order(slots - 1, dice, temper),
        keyed: dice.chance(0.4),
        wait: dice.chance(0.2) ? dice.between(0, 60) : null,
      };
    case 'batch':
      return {
        type,
        orders: [3, 2, 1].map((back) => order(slots - back, dice, temper)),
        keyed: dice.chance(0.8),
        atomic: dice.chance(0.5),
      };
    case 'submit again':
    case 'batch again':
      return { type, slot, change: dice.pick(CHANGES) };
    case 'look':
      return { type, slot, wait: dice.chance(0.4) ? dice.between(0, 60) : null };
    case 'callback':
      return { type, slot, words: words(dice, 0.4) };
    case 'forged callback':
      return { type, slot, forgery: dice.pick(FORGERIES) };
    case 'outage':
      return { type, outage: dice.pick(OUTAGES), ms: dice.magnitude(100, 300_000) };
    case 'token trouble':
      return { type, fates: dice.some(4, () => dice.pick(TOKEN_FATES)) };
    case 'time passes':
      return { type, ms: dice.magnitude(1, 150_000) };
    case 'clock is set':
      return { type, ms: clockStep(dice) };
    case 'crash':
      return { type, awaits: dice.magnitude(1, 3_000), ...downtime(dice) };
    case 'orderly restart':
      return { type, ...downtime(dice) };
    case 'cancel':
    case 'poll':
      return { type, slot };
    case 'tokens revoked':
      return { type };
    default:
      return type satisfies never;
  }
}

function order(slot: number, dice: Dice, temper: Temper): Order {
  return {
    slot,
    named: dice.chance(0.8),
    fields: {
      timeoutSeconds: dice.pick([5, 10, 30, 120]),
      // Every second of it has rounds of the loops.
      graceSeconds: dice.chance(0.02) ? 7_200 : dice.pick([0, 1, 5, 10, 60, 600]),
      retryUncertain: dice.chance(0.3),
    },
    fate: fate(dice, temper),
  };
}

/** Mostly short, sometimes days; sometimes the clock is set meanwhile. */
function downtime(dice: Dice): { readonly downMs: number; readonly clockMs: number } {
  return {
    downMs: dice.chance(0.15) ? dice.magnitude(3_600_000, 5 * 86_400_000) : dice.magnitude(1, 120_000),
    clockMs: dice.chance(0.1) ? clockStep(dice) : 0,
  };
}

function clockStep(dice: Dice): number {
  return (dice.chance(0.5) ? 1 : -1) * dice.magnitude(10, 7_200_000);
}

function fate(dice: Dice, temper: Temper): Fate {
  return {
    posts: dice.chance(temper.posts) ? dice.some(4, () => dice.pick(POST_FATES)) : [],
    polls: dice.chance(temper.polls) ? dice.some(6, () => dice.pick(POLL_FATES)) : [],
    callbacks: dice.chance(temper.lostCallbacks)
      ? []
      : [...dice.some(2, () => planned(dice, temper)), planned(dice, temper)],
    outcome: dice.pick(['COMPLETED', 'COMPLETED', 'FAILED']),
    runMs: dice.chance(0.1) ? null : dice.magnitude(1, 200_000),
    latencyMs: dice.pick([0, 20, 500, 4_000]),
  };
}

function planned(dice: Dice, temper: Temper): PlannedCallback {
  return {
    after: dice.chance(temper.callbacks) ? 'receipt' : 'end',
    delayMs: dice.pick([0, 1, 100, 3_000, 100_000]),
    words: words(dice, temper.callbacks),
    retries: dice.pick([0, 0, 3]),
  };
}

function words(dice: Dice, strangeness: number): CallbackWords {
  return dice.chance(strangeness) ? dice.pick(CALLBACK_WORDS) : 'outcome';
}
