// The variables for the shares of apps in CXone's limits, the queue and the submission rate.

import * as v from 'valibot';
import { KEY_NAME } from './fields.ts';
import { APP_NAME_RULE, pairs } from './notifications.ts';

interface AppNumber {
  readonly app: string;
  readonly value: number;
}

/** @param rule the message on an invalid value. */
function numbers(shape: string, spelling: RegExp, fits: (value: number) => boolean, rule: string) {
  return pairs<AppNumber>(shape, (app, value, earlier) => {
    if (!KEY_NAME.test(app)) return APP_NAME_RULE;
    if (earlier.some((one) => one.app === app)) return 'is the second of its app; give each app one';
    const number = Number(value);
    return spelling.test(value) && fits(number) ? { app, value: number } : `must have ${rule} after the app`;
  });
}

const WHOLE = /^\d{1,15}$/;
const FRACTION = /^\d{1,15}(\.\d{1,15})?$/;

export const APP_VARIABLES = {
  APP_WEIGHTS: v.optional(
    numbers('app:3', WHOLE, (value) => value >= 1 && value <= 1000, 'a whole number from 1 to 1000'),
  ),
  APP_RATES: v.optional(
    numbers('app:50', WHOLE, (value) => value >= 1 && value <= 10_000, 'a whole number from 1 to 10000'),
  ),
  APP_QUEUE_SHARES: v.optional(
    numbers('app:0.5', FRACTION, (value) => value > 0 && value <= 1, 'a number above 0, at most 1'),
  ),
};

type AppEnvironment = v.InferOutput<v.ObjectSchema<typeof APP_VARIABLES, undefined>>;

/** Returns numbers by app; an app without an entry has no value of its own. */
export function appSharesOf(env: AppEnvironment, queueCapacity: number) {
  const capacityOf = (share: number) => Math.max(1, Math.floor(queueCapacity * share));
  return {
    /** Turns at CXone for each turn of an app without a weight. */
    appWeights: byApp(env.APP_WEIGHTS),
    /** Submissions per second. */
    appRates: byApp(env.APP_RATES),
    /** Maximum of queued executions. */
    appQueueCapacities: byApp(env.APP_QUEUE_SHARES, capacityOf),
  };
}

function byApp(numbers: readonly AppNumber[] = [], read = (value: number) => value): ReadonlyMap<string, number> {
  return new Map(numbers.map(({ app, value }) => [app, read(value)]));
}
