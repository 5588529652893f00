// GET /v1/notifications/secrets: what an app needs to verify that a notification comes from here.

import type { Context } from 'hono';
import { json } from './answers.ts';
import type { Identity } from './authentication.ts';
import type { HttpDependencies } from './dependencies.ts';
import { problem } from './problems.ts';

/** Not for operators: whoever has an app's secrets can tell it anything. */
export function createNotificationSecrets({ notifySecrets }: Pick<HttpDependencies, 'notifySecrets'>) {
  return (_c: Context, caller: Identity): Response => {
    if (caller.kind !== 'app') {
      return problem('forbidden', 'The secrets of an app are for that app alone: use its key.');
    }
    return json(200, { secrets: notifySecrets(caller.name) });
  };
}
