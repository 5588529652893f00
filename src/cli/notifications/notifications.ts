// `notifications …`: what apps were told, and telling it again.

import type { Group } from '../context.ts';
import { notificationsList } from './list.ts';
import { notificationsReplay } from './replay.ts';

export const notifications: Group = {
  help: `Usage: npm run notifications -- list|replay …

list only reads the database, while the receiver runs or is down; replay asks the running receiver. Each tells more with
--help.

  list     notifications by status, type, app, execution and time; --status DEAD are the dead letters
  replay   tells one, or all that match, again

Exit code: 0 done, 1 there is no such notification or the receiver said no, 2 it could not be done.

  npm run notifications -- list --status DEAD
  npm run notifications -- replay --all --app shop
`,
  commands: { list: notificationsList, replay: notificationsReplay },
};
