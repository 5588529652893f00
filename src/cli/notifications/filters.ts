// Which notifications are meant: the flags that list and replay share.

import { NOTIFICATION_TYPES } from '../../notification/notification.ts';
import type { CommandContext } from '../context.ts';
import { oneOf, PERIOD_FLAGS, readPeriod } from '../filters.ts';

export const NOTIFICATION_FLAGS = {
  status: { type: 'string' },
  type: { type: 'string' },
  app: { type: 'string' },
  id: { type: 'string' },
  ...PERIOD_FLAGS,
} as const;

export const NOTIFICATION_HELP = `  --type T        such as timeout or execution.late_result
  --app NAME      to this app
  --id ID         about the execution with this correlation id
  --from, --to    that came up in this time`;

type Values = { readonly [F in keyof typeof NOTIFICATION_FLAGS]?: string | undefined };

/** Without the status: which there are depends on what is to be done. @throws {CommandUsage} */
export function notificationFilter({ type, app, id, from, to }: Values, context: Pick<CommandContext, 'world'>) {
  return {
    ...(type === undefined ? {} : { type: typeOf(type) }),
    ...(app === undefined ? {} : { app }),
    ...(id === undefined ? {} : { correlationId: id }),
    ...readPeriod({ from, to }, context),
  };
}

/** The part before the full stop is the same for all. */
function typeOf(text: string) {
  return oneOf('--type', text.includes('.') ? text : `execution.${text}`, NOTIFICATION_TYPES);
}
