// What a page says after something was done: the address names it, these are the only words it can bring up.

import type { Execution } from '../../execution/execution.ts';
import { many, number } from './format.ts';
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
      return 'CXone is being asked.';
    case 'cancel':
      return execution?.status === 'CANCELLED' ? 'It is cancelled.' : 'It had ended before it could be cancelled.';
    case 'replay':
      return 'The app is being told again.';
    case 'poll-all':
      return `CXone is being asked about ${many(count, 'execution')}.`;
    case 'cancel-all':
      return `${many(count, 'execution')} ${count === 1 ? 'is' : 'are'} cancelled.`;
    case 'replay-all':
      return `${number(count)} are being sent again.`;
    default:
      return null;
  }
}
