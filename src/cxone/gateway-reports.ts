// Reports refused tokens and responses of gateways that delay executions: in the log once, and as long as they last.

import type { Log } from '../lib/log.ts';
import type { World } from '../lib/world.ts';
import type { CallResult } from './classify-response.ts';
import type { GatewayReport, Requester } from './port.ts';

/** A report ends when nothing has repeated it for this time, in milliseconds. */
const LASTS_MS = 60_000;

const TEXTS = {
  'token-refused': 'CXone refuses the access token: it processes nothing, and the receiver sends the requests again',
  'action-refused': 'CXone refuses an action while others pass with the same token: its executions end as REJECTED',
  'too-early': 'a gateway responds 425 (too early): the receiver sends the requests again',
  'request-timeout': 'a gateway responds 408: submissions are uncertain, and the receiver does not send them again',
  cut: 'responses of CXone lose their end: only a complete id counts, and outcomes are polled',
} as const satisfies Record<GatewayReport['kind'], string>;

interface Running extends GatewayReport {
  /** In elapsed time. */
  readonly lastAt: number;
}

export function createGatewayReports(world: Pick<World, 'now' | 'elapsed'>, log: Log) {
  const running = new Map<GatewayReport['kind'], Running>();

  function current(): Running[] {
    for (const [kind, { lastAt }] of running) if (world.elapsed() - lastAt >= LASTS_MS) running.delete(kind);
    return [...running.values()];
  }

  return {
    observe: (result: CallResult, requester: Requester): void => {
      for (const kind of kindsOf(result)) {
        const earlier = current().find((report) => report.kind === kind);
        const { since = world.now(), responses = 0 } = earlier ?? {};
        const message = TEXTS[kind];
        running.set(kind, { kind, message, since, responses: responses + 1, lastAt: world.elapsed() });
        // promise: gateway-trouble-is-logged-once
        if (earlier === undefined) log.warn({ ...requester, httpStatus: statusOf(result) }, message);
      }
    },
    /** Returns what lasts now, oldest first. */
    current,
  };
}

function statusOf(result: CallResult): number {
  return result.type === 'answered' ? result.httpStatus : 0;
}

function kindsOf(result: CallResult): GatewayReport['kind'][] {
  if (result.type !== 'answered') return [];
  const { httpStatus, refusal, body } = result;
  return [
    ...(refusal === undefined ? [] : [refusal === 'action' ? ('action-refused' as const) : ('token-refused' as const)]),
    ...(httpStatus === 425 ? ['too-early' as const] : []),
    ...(httpStatus === 408 ? ['request-timeout' as const] : []),
    ...(body === null ? ['cut' as const] : []),
  ];
}
