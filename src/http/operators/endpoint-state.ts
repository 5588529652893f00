// The state of endpoints of apps: what waits for one, whether it fails, and whether an administrator has paused it.

import { isoTime } from '../../lib/time.ts';
import { type Notification, representNotification } from '../../notification/notification.ts';
import type { Endpoint, EndpointPause } from '../../store/endpoints-port.ts';
import type { ListedNotification } from '../../store/outbox-port.ts';
import type { LiveCircuit } from '../../usecases/leader/live-state.ts';
import type { HttpDependencies } from '../dependencies.ts';

/** Waiting notifications are counted up to this number. */
export const MAX_WAITING = 10_000;

export interface EndpointState extends Endpoint {
  /** Notifications that wait, up to `MAX_WAITING`. */
  readonly waiting: number;
  /** Null: it does not fail. */
  readonly circuit: LiveCircuit | null;
  /** Null: it is not paused. */
  readonly pause: EndpointPause | null;
}

type Dependencies = {
  readonly store: Pick<HttpDependencies['store'], 'lanes' | 'pausedEndpoints' | 'waitingIn'>;
  readonly controls: Pick<HttpDependencies['controls'], 'state'>;
  readonly runtime: Pick<HttpDependencies['runtime'], 'world'>;
};

/** The state of a notification's endpoint now. */
interface AtEndpoint {
  /** Null: the notification is not pending. */
  readonly endpoint: EndpointState | null;
  readonly readAt: number;
}

export type ShownNotification = ListedNotification & AtEndpoint;

export const WAIT_REASONS = ['earlier-notification', 'endpoint-paused', 'endpoint-fails', 'retry', 'turn'] as const;

export function createEndpointStates({ store, controls, runtime: { world } }: Dependencies) {
  async function of(endpoints: readonly Endpoint[]): Promise<EndpointState[]> {
    const distinct = new Map(endpoints.map(({ app, origin }) => [`${app} ${origin}`, { app, origin }]));
    const pauses = await store.pausedEndpoints();
    const { circuits } = await controls.state();
    const states: EndpointState[] = [];
    for (const endpoint of distinct.values()) {
      const isSame = (one: Endpoint) => one.app === endpoint.app && one.origin === endpoint.origin;
      states.push({
        ...endpoint,
        waiting: await store.waitingIn(endpoint, MAX_WAITING),
        circuit: circuits.find(isSame) ?? null,
        pause: pauses.find(isSame) ?? null,
      });
    }
    return states;
  }

  async function withEndpoints<N extends Notification>(items: readonly N[]): Promise<(N & AtEndpoint)[]> {
    const pending = items.filter(({ status }) => status === 'PENDING');
    const states = await of(pending);
    const readAt = world.now();
    return items.map((one) => {
      const endpoint = states.find(({ app, origin }) => app === one.app && origin === one.origin) ?? null;
      return { ...one, readAt, endpoint: one.status === 'PENDING' ? endpoint : null };
    });
  }

  return {
    of,
    withEndpoints,
    /** Returns a notification as the API represents it now. */
    represent: async (one: Notification) =>
      representShown(...((await withEndpoints([one])) as [Notification & AtEndpoint])),
    /** Returns those with something that waits and those that are paused. */
    all: async (): Promise<EndpointState[]> => of([...(await store.pausedEndpoints()), ...(await store.lanes())]),
  };
}

/** Returns when the next attempt is, which is never in the past; null without one. */
function nextAttemptOf({ dueAt, endpoint, readAt }: Notification & AtEndpoint): number | null {
  // promise: next-attempt-is-not-past
  if (dueAt === null || endpoint?.pause) return null;
  return Math.max(dueAt, endpoint?.circuit?.nextProbeAt ?? 0, readAt);
}

/** Represents it for apps, too: who paused an endpoint, and why, is for operators. */
export function representShown(one: Notification & AtEndpoint): ShownJson {
  const { endpoint, status, dueAt, readAt } = one;
  const represented = { ...representNotification(one), nextAttemptAt: isoTime(nextAttemptOf(one)) };
  if (status !== 'PENDING') return represented;
  const since = endpoint?.pause?.since ?? endpoint?.circuit?.since ?? null;
  const others = Math.max(0, (endpoint?.waiting ?? 0) - (dueAt === null ? 0 : 1));
  return { ...represented, wait: { reason: waitReason(endpoint, dueAt, readAt), since: isoTime(since), others } };
}

interface Wait {
  readonly reason: (typeof WAIT_REASONS)[number];
  readonly since: string | null;
  readonly others: number;
}

export type ShownJson = ReturnType<typeof representNotification> & { readonly wait?: Wait };

function waitReason(endpoint: EndpointState | null, dueAt: number | null, now: number): (typeof WAIT_REASONS)[number] {
  if (dueAt === null) return 'earlier-notification';
  if (endpoint?.pause) return 'endpoint-paused';
  if (endpoint?.circuit) return 'endpoint-fails';
  return dueAt > now ? 'retry' : 'turn';
}

export function representEndpoint({ app, origin, waiting, circuit, pause }: EndpointState) {
  return {
    app,
    origin,
    waiting,
    circuit: circuit && {
      since: isoTime(circuit.since),
      failures: circuit.failures,
      reason: circuit.failure,
      nextProbeAt: isoTime(circuit.nextProbeAt),
    },
    pause: pause && { since: isoTime(pause.since), by: pause.by, reason: pause.reason },
  };
}
