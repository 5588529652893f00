// The message after an action. The URL names the action only, so that a link cannot put other words on the page.

import type { Execution } from '../../execution/execution.ts';
import { many } from '../../lib/figures.ts';
import type { PageContent } from './layout.ts';

export interface CompletedAction {
  readonly what: string;
  readonly count: number;
}

export function flashMessage(
  done: CompletedAction | null,
  execution?: Execution,
): NonNullable<PageContent['flash']> | null {
  const text = done && textOf(done, execution);
  return text === null ? null : { kind: 'done', text };
}

type TextOf = (count: number, execution?: Execution) => string | null;

const TEXTS: { readonly [what: string]: TextOf } = {
  poll: () => 'The poll is under way.',
  cancel: (_, execution) =>
    execution?.status === 'CANCELLED'
      ? 'The execution is cancelled.'
      : 'The execution ended before it could be cancelled.',
  hold: () => 'The execution is held.',
  release: () => 'The execution is released.',
  replay: () => 'The notification is being sent again.',
  acknowledge: () => 'The incident is acknowledged.',
  'pause-endpoint': () => 'The endpoint is paused.',
  'resume-endpoint': () => 'The endpoint is resumed.',
  'probe-endpoint': () => 'The next notification is being sent.',
  'lift-pause': () => 'Requests to CXone are sent again.',
  pause: () => 'Sending is paused.',
  resume: () => 'Sending is resumed.',
  resubmit: (_, execution) => (execution === undefined ? null : 'This is the new execution.'),
  'poll-all': (count) => `${many(count, 'execution')} ${are(count)} being polled.`,
  'cancel-all': (count) => `${many(count, 'execution')} ${are(count)} cancelled.`,
  'replay-all': (count) => `${many(count, 'notification')} ${are(count)} being sent again.`,
};

function textOf({ what, count }: CompletedAction, execution?: Execution): string | null {
  return Object.hasOwn(TEXTS, what) ? (TEXTS[what]?.(count, execution) ?? null) : null;
}

function are(count: number): string {
  return count === 1 ? 'is' : 'are';
}
