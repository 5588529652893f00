// What the receiver that sends knows in its memory alone: the state of CXone and of the endpoints of apps.

import type {
  ConnectionProblem,
  GatewayReport,
  LimiterState,
  TokenPause,
  TokenProblem,
  UpstreamPause,
} from '../../cxone/port.ts';
import type { OpenCircuit } from '../../store/outbox-port.ts';

/** The state of the limiter for requests to CXone. */
export interface UpstreamState extends Pick<LimiterState, 'limit' | 'inFlight'> {
  /** The end of the current pause, in milliseconds since the epoch; in the past if there is no pause. */
  readonly pausedUntil: number;
  /** Why no new access token is available; null while there is no problem. */
  readonly tokenProblem: TokenProblem | null;
  /** Refused tokens and responses of gateways that delay executions now. */
  readonly gatewayReports: readonly GatewayReport[];
  /** The hosts of CXone that cannot be reached. */
  readonly connectionProblems: readonly ConnectionProblem[];
}

/** A circuit, with the time of its next probe in milliseconds since the epoch: what is left until then changes all the time. */
export type LiveCircuit = Omit<OpenCircuit, 'probeInMs'> & { readonly nextProbeAt: number };

export interface LiveState {
  readonly upstream: UpstreamState;
  /** The pause that a response of CXone caused; null if there is none. */
  readonly pause: UpstreamPause | null;
  /** Until when the token endpoint wants no request; null without such a pause. */
  readonly tokenPause: TokenPause | null;
  readonly circuits: readonly LiveCircuit[];
}

/** What the next leader continues with. */
export interface LastState extends LiveState {
  /**
   * The numbers of its requests to CXone in the parts of its last second, the newest first; null: it has not handed over, so that it may
   * have made them just now.
   */
  readonly sent: readonly number[] | null;
}

/** Without a receiver that sends, nothing is known, and nothing is in flight. */
export const NOTHING_KNOWN: LiveState = {
  upstream: {
    ...{ limit: 0, inFlight: 0, pausedUntil: 0, tokenProblem: null },
    ...{ gatewayReports: [], connectionProblems: [] },
  },
  pause: null,
  tokenPause: null,
  circuits: [],
};
