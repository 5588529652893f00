// Which hosts of CXone cannot be reached, and since when: reported once in the log, and on the page while it lasts.

import type { Log } from '../lib/log.ts';
import type { World } from '../lib/world.ts';
import type { ConnectionProblem } from './port.ts';
import { NOT_ACTIVE } from './sent-tracker.ts';
import { CLOSING, type HttpResult } from './transport.ts';

/** Time after the last failure, in milliseconds, after which a host is no longer reported: no request goes there any more. */
const MAX_SILENCE_MS = 120_000;

export type Reachability = ReturnType<typeof createReachability>;

export function createReachability(world: Pick<World, 'now' | 'elapsed'>, log: Log) {
  const unreachable = new Map<string, ConnectionProblem & { readonly lastAt: number }>();

  function fail(origin: string, reason: string): void {
    const known = current(origin);
    unreachable.set(origin, { origin, since: known?.since ?? world.now(), reason, lastAt: world.elapsed() });
    // promise: unreachable-host-is-logged-once
    if (known === undefined) log.warn({ origin, reason }, 'CXone cannot be reached: nothing is sent to this host');
  }

  function current(origin: string) {
    const known = unreachable.get(origin);
    if (known === undefined || world.elapsed() - known.lastAt <= MAX_SILENCE_MS) return known;
    unreachable.delete(origin);
    return undefined;
  }

  return {
    /** Takes the result of a request to a URL. */
    observe: (url: string, result: HttpResult): void => {
      const { origin } = new URL(url);
      if (result.type === 'unsent' && result.reason !== CLOSING && result.reason !== NOT_ACTIVE)
        fail(origin, result.reason);
      else if (result.type === 'answered' && result.httpStatus === 407)
        fail(origin, 'a proxy requires credentials (407)');
      else if (result.type === 'answered') {
        const known = current(origin);
        if (known !== undefined) log.info({ origin, since: known.since }, 'CXone can be reached again');
        unreachable.delete(origin);
      }
    },
    /** Returns the hosts that cannot be reached. */
    problems: (): readonly ConnectionProblem[] => [...unreachable.keys()].flatMap((origin) => current(origin) ?? []),
  };
}
