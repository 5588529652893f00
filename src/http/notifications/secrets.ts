// GET /v1/notifications/secrets: what an app needs to verify that a notification comes from here.

import type { Context } from 'hono';
import type { HttpDependencies } from '../dependencies.ts';
import type { Identity } from '../middleware/identity.ts';
import { json } from '../response/json.ts';
import { problem } from '../response/problem.ts';

/** Not for operators: whoever has an app's secrets can tell it anything. */
export function createNotificationSecrets({ notificationSecrets }: Pick<HttpDependencies, 'notificationSecrets'>) {
  return (_c: Context, caller: Identity): Response => {
    if (caller.kind !== 'app') {
      return problem('forbidden', 'The secrets of an app are for that app alone: use its key.');
    }
    return json(200, { secrets: notificationSecrets(caller.name) });
  };
}
