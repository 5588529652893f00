// How one leader follows another: the one hands over, and the other continues with what its predecessor knew.

import type { TokenPause, UpstreamPause } from '../../cxone/port.ts';
import { type Log, reasonOf } from '../../lib/log.ts';
import type { World } from '../../lib/world.ts';
import type { Leadership } from '../../store/receiver-store.ts';
import type { SharedControls } from './live-controls.ts';

/** How often, in milliseconds, and how many times a new leader tries to read what the leader before has published. */
const TAKE_OVER_EVERY_MS = 250;
const MAX_TAKE_OVERS = 5;

export interface SuccessionTools {
  /** Null for a database of one process. */
  readonly sharing: Pick<SharedControls, 'takeOver' | 'publishLast' | 'passPause' | 'passTokenPause'> | null;
  readonly leadership: Pick<Leadership, 'term' | 'handOver'>;
  readonly world: Pick<World, 'sleep'>;
  readonly log: Log;
  /** Publishes soon. */
  readonly publishSoon: () => void;
  readonly pause: () => UpstreamPause | null;
  readonly tokenPause: () => TokenPause | null;
}

export function createSuccession(tools: SuccessionTools) {
  const { sharing, leadership, world, log, publishSoon } = tools;
  return {
    /** Continues with the pause, the limit, the rate and the circuits of the leader before, which would have to be learnt again otherwise. */
    takeOver: async (): Promise<void> => {
      for (let attempt = 1; sharing !== null && attempt <= MAX_TAKE_OVERS; attempt += 1) {
        try {
          return await sharing.takeOver();
        } catch (error) {
          log.warn({ reason: reasonOf(error) }, 'what the leader before has published could not be read');
          await world.sleep(TAKE_OVER_EVERY_MS);
        }
      }
    },
    /** Lets another receiver lead. This one claims nothing more, and has ended what it could end soon. */
    handOver: async (): Promise<void> => {
      try {
        // promise: leader-hands-over
        await leadership.handOver(async () => sharing?.publishLast());
      } catch (error) {
        log.warn({ reason: reasonOf(error) }, 'the lead could not be handed over: another receiver leads later');
      }
    },
    /** To be called when a pause of requests or of token requests begins, becomes longer or is lifted: every receiver shows it, and the next leader continues with it. */
    pauseChanged: (): void => {
      if (leadership.term() !== null) return void publishSoon();
      // The response to a request that was in flight when this receiver handed over.
      const [pause, tokenPause] = [tools.pause(), tools.tokenPause()];
      if (pause !== null) void sharing?.passPause(pause);
      // promise: token-pause-is-passed-on
      if (tokenPause !== null) void sharing?.passTokenPause(tokenPause);
    },
  };
}
