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

function textOf({ what, count }: CompletedAction, execution?: Execution): string | null {
  switch (what) {
    case 'poll':
      return 'The poll is under way.';
    case 'cancel':
      return execution?.status === 'CANCELLED'
        ? 'The execution is cancelled.'
        : 'The execution ended before it could be cancelled.';
    case 'hold':
      return 'The execution is held.';
    case 'release':
      return 'The execution is released.';
    case 'replay':
      return 'The notification is being sent again.';
    case 'acknowledge':
      return 'The incident is acknowledged.';
    case 'pause-endpoint':
      return 'The endpoint is paused.';
    case 'resume-endpoint':
      return 'The endpoint is resumed.';
    case 'probe-endpoint':
      return 'The next notification is being sent.';
    case 'lift-pause':
      return 'Requests to CXone are sent again.';
    case 'pause':
      return 'Sending is paused.';
    case 'resume':
      return 'Sending is resumed.';
    case 'resubmit':
      return execution === undefined ? null : 'This is the new execution.';
    case 'poll-all':
      return `${many(count, 'execution')} ${are(count)} being polled.`;
    case 'cancel-all':
      return `${many(count, 'execution')} ${are(count)} cancelled.`;
    case 'replay-all':
      return `${many(count, 'notification')} ${are(count)} being sent again.`;
    default:
      return null;
  }
}

function are(count: number): string {
  return count === 1 ? 'is' : 'are';
}
