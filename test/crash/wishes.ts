// Random requests of apps: one execution or a batch, under an id or an Idempotency-Key, with or without notification.

import type { Dice } from '../../src/simulator/dice.ts';
import type { AppRequest, Setting } from './receiver.ts';

export interface Wish {
  readonly name: string;
  readonly request: AppRequest;
  /** The mark of each valid submission: it is in the inputs, so that the execution is found under any correlation id. */
  readonly marks: readonly string[];
  /** The correlation ids in a complete response, in the order of the marks. */
  idsIn(body: unknown): string[];
}

interface Item {
  readonly status: number;
  readonly execution?: { readonly correlationId: string };
}

/** The number of executions with notification among those that end. */
const NOTIFIED_SHARE = 0.7;
const IN_BATCH = 3;
/** Refused without effect on the other items of its batch. */
const WRONG = { actionId: 'no such/action' };

export function wishFor(name: string, setting: Setting, dice: Dice): Wish {
  const roll = (what: string) => dice.roll(what, name);
  const keyed = roll('keyed') < 0.5;
  const key = keyed ? name : null;
  const submission = (mark: string, more: object = {}) => ({
    actionId: 'charge',
    timeoutSeconds: 5,
    graceSeconds: Math.floor(dice.roll('grace', mark) * 2),
    ...(keyed ? {} : { correlationId: mark }),
    ...(dice.roll('notified', mark) < NOTIFIED_SHARE ? { notifyUrl: `${setting.notifyOrigin}/notified` } : {}),
    inputs: { mark, ...more },
  });
  if (roll('batch') > 0.3) {
    const idsIn = (body: unknown) => [(body as { correlationId: string }).correlationId];
    return { name, request: { path: '/v1/executions', key, body: submission(name) }, marks: [name], idsIn };
  }
  const atomic = roll('atomic') < 0.6;
  const marks = Array.from({ length: IN_BATCH }, (_, i) => `${name}.${i}`);
  const fit = marks.map((mark) => submission(mark, atomic ? { together: name, of: IN_BATCH } : {}));
  const executions = atomic ? fit : [...fit.slice(0, 1), WRONG, ...fit.slice(1)];
  return {
    name,
    request: { path: '/v1/executions/batch', key, body: { executions, atomic } },
    marks,
    idsIn: (body) => (body as { items: Item[] }).items.flatMap(({ execution }) => execution?.correlationId ?? []),
  };
}

/** Whether nothing in this response was accepted only now. */
export function repeats(answer: Response, body: unknown): boolean {
  if (answer.headers.get('idempotent-replayed') === 'true') return true;
  const { items } = body as { items?: Item[] };
  return items?.every(({ status }) => status !== 202) ?? false;
}
