// What operators see and order of the receiver that sends: there directly, and at any other receiver through the database.

import type { TokenPause, UpstreamPause } from '../../cxone/port.ts';
import type { Json, JsonObject } from '../../execution/json.ts';
import { type Log, reasonOf } from '../../lib/log.ts';
import type { Work } from '../../lib/loop.ts';
import type { World } from '../../lib/world.ts';
import type { Endpoint } from '../../store/endpoints-port.ts';
import { type LeaderChannel, OrderUnconfirmed } from '../../store/leader-port.ts';
import type { Reconciliations } from '../reconcile/reconciliations.ts';
import { type LastState, type LiveState, NOTHING_KNOWN } from './live-state.ts';
import { createOrderWork, haveDone, type OrderHandler } from './orders.ts';
import { createPublisher, lastState, publishedState } from './publisher.ts';
import {
  readEndpoint,
  readPause,
  readPauseOrder,
  readReconcileOrder,
  readStarted,
  readTokenPauseOrder,
} from './shared-forms.ts';
import type { SharedReports } from './shared-reports.ts';

/** What this receiver does itself while it leads. */
export interface OwnControls {
  state(): LiveState;
  /** Continues as the leader before, which has published this. */
  continueFrom(before: LastState): void;
  /** Returns the numbers of requests to CXone in the parts of the last second, the newest first. */
  sentLately(): readonly number[];
  /** Takes over a pause that a response to another receiver has caused. */
  takePause(pause: UpstreamPause): void;
  takeTokenPause(pause: TokenPause): void;
  liftPause(): UpstreamPause | null;
  /** Makes the next notification for the endpoint due, and lets it pass the open circuit. */
  probe(endpoint: Endpoint): Promise<void>;
  deliveriesResumed(): void;
  incidentsChanged(): void;
  readonly reconciliations: Pick<Reconciliations, 'start' | 'find'>;
}

type NotShared = 'continueFrom' | 'sentLately' | 'takePause' | 'takeTokenPause' | 'reconciliations';

/** The same, wherever it is done. @throws {NoLeader} if no receiver leads */
export type LiveControls = Anywhere<Omit<OwnControls, NotShared>> & {
  readonly reconciliations: Anywhere<OwnControls['reconciliations']>;
};

/** Another receiver responds later. */
type Anywhere<T> = {
  readonly [M in keyof T]: T[M] extends (...given: infer Given) => infer Result
    ? (...given: Given) => Awaited<Result> | Promise<Awaited<Result>>
    : never;
};

export interface SharedControls extends LiveControls {
  /** Continues as the leader before. To be called before this receiver sends. @throws {StoreUnavailable} with what it knew, and has read by then */
  takeOver(): Promise<void>;
  /** Publishes what the next leader continues with, once this receiver sends nothing any more. @throws {StoreUnavailable} */
  publishLast(): Promise<void>;
  /** Pass a pause on that a response has caused after this receiver has handed over. */
  passPause(pause: UpstreamPause): Promise<void>;
  passTokenPause(pause: TokenPause): Promise<void>;
  /** Returns the loops of the leader by name, for one term. */
  works(): Readonly<Record<'orders' | 'publish', Work>>;
}

export interface SharingTools {
  readonly channel: LeaderChannel;
  readonly reports: SharedReports;
  /** Returns whether this receiver leads. */
  readonly leads: () => boolean;
  readonly world: Pick<World, 'elapsed' | 'sleep'>;
  readonly log: Log;
}

// One function because it lists the controls, each with its order.
export function createSharedControls(own: OwnControls, tools: SharingTools): SharedControls {
  const { channel, reports, leads, world, log } = tools;
  const publisher = createPublisher(channel.state, own.state, world);
  const order = (kind: Kind, body: JsonObject = {}) => haveDone({ ...channel, world }, kind, body);

  /** A hint: without it the leader looks for the work later. */
  async function hint(kind: Kind, body: JsonObject = {}): Promise<void> {
    try {
      await channel.orders.give(kind, body);
    } catch (error) {
      log.warn(
        { reason: reasonOf(error) },
        'the receiver that leads was not notified of a change, which it finds later',
      );
    }
  }

  const handlers: Readonly<Record<Kind, OrderHandler>> = {
    'lift-pause': () => own.liftPause() as unknown as Json,
    pause: (body) => own.takePause(readPauseOrder(body)),
    'token-pause': (body) => own.takeTokenPause(readTokenPauseOrder(body)),
    probe: (body) => own.probe(readEndpoint(body)),
    'deliveries-resumed': own.deliveriesResumed,
    'incidents-changed': own.incidentsChanged,
    reconcile: (body) => {
      const { request, by } = readReconcileOrder(body);
      return own.reconciliations.start(request, by) as unknown as Json;
    },
  };

  async function publishAll(sent: readonly number[] | null = null): Promise<void> {
    await reports.flush();
    await publisher.publish(sent);
  }

  function works(): ReturnType<SharedControls['works']> {
    const carryOut = createOrderWork(channel.orders, handlers, publishAll, log);
    let hasTakenOver = false;
    return {
      orders: async (round) => {
        if (!hasTakenOver) await reports.takeOver();
        hasTakenOver = true;
        return carryOut(round);
      },
      publish: async (round) => {
        await reports.flush();
        return publisher.work(round);
      },
    };
  }

  return {
    state: () => (leads() ? own.state() : publishedState(channel.state)),
    liftPause: async () => (leads() ? own.liftPause() : readPause(await order('lift-pause'))),
    probe: async ({ app, origin }) => {
      if (leads()) await own.probe({ app, origin });
      else await order('probe', { app, origin });
    },
    deliveriesResumed: () => (leads() ? own.deliveriesResumed() : hint('deliveries-resumed')),
    incidentsChanged: () => (leads() ? own.incidentsChanged() : hint('incidents-changed')),
    reconciliations: {
      start: async (request, by) => {
        if (!leads()) {
          const result = await order('reconcile', { request: request as unknown as JsonObject, by });
          const started = readStarted(result);
          if (started === undefined) throw new OrderUnconfirmed('the receiver that leads has another version');
          return started;
        }
        const started = own.reconciliations.start(request, by);
        // Another receiver may be asked for the report at once.
        await reports.flush();
        return started;
      },
      find: async (id) => (leads() ? own.reconciliations.find(id) : undefined) ?? reports.find(id),
    },
    works,
    takeOver: async () => {
      // It holds if nothing can be read.
      // promise: unread-requests-count
      // promise: unread-state-lifts-no-pause
      own.continueFrom({ ...own.state(), upstream: NOTHING_KNOWN.upstream, sent: null });
      const before = await lastState(channel.state);
      own.continueFrom({ ...before, sent: null });
      // promise: requests-of-an-earlier-leader
      if (await channel.state.takeHandOver()) own.continueFrom(before);
    },
    publishLast: () => publishAll(own.sentLately()),
    passPause: (pause) => hint('pause', { ...pause }),
    passTokenPause: (pause) => hint('token-pause', { ...pause }),
  };
}

type Kind = 'lift-pause' | 'pause' | 'token-pause' | 'probe' | 'deliveries-resumed' | 'incidents-changed' | 'reconcile';
