// The controls of the receiver that sends: its limiter of requests to CXone, its lanes to endpoints, and its reconciliations.

import type { CxoneControls } from '../../cxone/port.ts';
import type { Loop } from '../../lib/loop.ts';
import type { World } from '../../lib/world.ts';
import type { Endpoint, Endpoints } from '../../store/endpoints-port.ts';
import type { OpenCircuit } from '../../store/outbox-port.ts';
import type { OwnControls } from './live-controls.ts';

export interface OwnParts extends Pick<OwnControls, 'reconciliations'> {
  readonly world: Pick<World, 'now'>;
  readonly cxone: CxoneControls;
  /** Whether the world has a time of its own, in which no receiver has sent before this one. */
  readonly isOwnTime: boolean;
  readonly store: Pick<Endpoints, 'hasten'>;
  readonly lanes: {
    openCircuits(): readonly OpenCircuit[];
    continueFrom(circuits: readonly OpenCircuit[]): void;
    probeNow(endpoint: Endpoint): void;
  };
  readonly loops: () => ReadonlyMap<string, Pick<Loop, 'wake'>>;
}

export function createOwnControls({
  world,
  isOwnTime,
  cxone,
  store,
  lanes,
  loops,
  reconciliations,
}: OwnParts): OwnControls {
  const wake = (loop: string) => loops().get(loop)?.wake();
  return {
    state: () => {
      const { limit, inFlight, pausedUntil, pause } = cxone.limiterState();
      const now = world.now();
      return {
        upstream: {
          ...{ limit, inFlight, pausedUntil, tokenProblem: cxone.tokenProblem() },
          ...{ gatewayReports: cxone.gatewayReports(), connectionProblems: cxone.connectionProblems() },
        },
        pause,
        tokenPause: cxone.tokenPause(),
        circuits: lanes
          .openCircuits()
          .map(({ probeInMs, ...circuit }) => ({ ...circuit, nextProbeAt: now + probeInMs })),
      };
    },
    continueFrom: ({ upstream, pause, tokenPause, circuits, sent }) => {
      const now = world.now();
      cxone.continueFrom({ ...upstream, pause, sent: isOwnTime ? [] : sent });
      // promise: leader-inherits-token-pause
      if (tokenPause !== null) cxone.takeTokenPause(tokenPause);
      lanes.continueFrom(
        circuits.map(({ nextProbeAt, ...circuit }) => ({ ...circuit, probeInMs: Math.max(0, nextProbeAt - now) })),
      );
    },
    sentLately: cxone.sentLately,
    takePause: cxone.takePause,
    takeTokenPause: cxone.takeTokenPause,
    liftPause: cxone.liftPause,
    probe: async (endpoint) => {
      await store.hasten(endpoint, world.now());
      lanes.probeNow(endpoint);
      wake('notify');
    },
    deliveriesResumed: () => wake('notify'),
    incidentsChanged: () => wake('announcer'),
    reconciliations,
  };
}
