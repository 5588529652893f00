// The state of endpoints of apps: what waits for one, whether it fails, and whether an administrator has paused it.

import { isoTime } from '../../lib/time.ts';
import type { Endpoint, EndpointPause } from '../../store/endpoints-port.ts';
import type { ListedNotification, OpenCircuit } from '../../store/outbox-port.ts';
import type { HttpDependencies } from '../dependencies.ts';

/** Waiting notifications are counted up to this number. */
export const MAX_WAITING = 10_000;

export interface EndpointState extends Endpoint {
  /** Notifications that wait, up to `MAX_WAITING`. */
  readonly waiting: number;
  /** Null: it does not fail. */
  readonly circuit: (Omit<OpenCircuit, 'probeInMs'> & { readonly nextProbeAt: number }) | null;
  /** Null: it is not paused. */
  readonly pause: EndpointPause | null;
}

type Dependencies = {
  readonly store: Pick<HttpDependencies['store'], 'lanes' | 'pausedEndpoints' | 'waitingIn'>;
  readonly pages: Pick<HttpDependencies['pages'], 'openCircuits'>;
  readonly runtime: Pick<HttpDependencies['runtime'], 'world'>;
};

/** A notification with the state of its endpoint, as both are now. */
export interface ShownNotification extends ListedNotification {
  /** Null: the notification is not pending. */
  readonly endpoint: EndpointState | null;
  readonly readAt: number;
}

export interface EndpointStates {
  withEndpoints(items: readonly ListedNotification[]): Promise<ShownNotification[]>;
  of(endpoints: readonly Endpoint[]): Promise<EndpointState[]>;
  /** Returns those with something that waits and those that are paused. */
  all(): Promise<EndpointState[]>;
}

export function createEndpointStates({ store, pages, runtime: { world } }: Dependencies): EndpointStates {
  async function of(endpoints: readonly Endpoint[]): Promise<EndpointState[]> {
    const distinct = new Map(endpoints.map(({ app, origin }) => [`${app} ${origin}`, { app, origin }]));
    const pauses = await store.pausedEndpoints();
    const circuits = pages.openCircuits();
    const states: EndpointState[] = [];
    for (const endpoint of distinct.values()) {
      const isSame = (one: Endpoint) => one.app === endpoint.app && one.origin === endpoint.origin;
      const open = circuits.find(isSame);
      states.push({
        ...endpoint,
        waiting: await store.waitingIn(endpoint, MAX_WAITING),
        circuit: open === undefined ? null : { ...open, nextProbeAt: world.now() + open.probeInMs },
        pause: pauses.find(isSame) ?? null,
      });
    }
    return states;
  }

  return {
    of,
    withEndpoints: async (items) => {
      const pending = items.filter(({ status }) => status === 'PENDING');
      const states = await of(pending);
      const readAt = world.now();
      return items.map((one) => {
        const endpoint = states.find(({ app, origin }) => app === one.app && origin === one.origin) ?? null;
        return { ...one, readAt, endpoint: one.status === 'PENDING' ? endpoint : null };
      });
    },
    all: async () => of([...(await store.pausedEndpoints()), ...(await store.lanes())]),
  };
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
