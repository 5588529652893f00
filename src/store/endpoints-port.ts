// The endpoint role of a store: endpoints of apps that an administrator pauses, and what was sent to one last.

import type { ListedNotification } from './outbox-port.ts';

/** An origin at which one app is notified: what is slow or down as a whole. */
export interface Endpoint {
  readonly app: string;
  readonly origin: string;
}

export interface EndpointPause extends Endpoint {
  /** Milliseconds since the Unix epoch. */
  readonly since: number;
  /** As audit entries name the operator, for example `operator:alice`. */
  readonly by: string;
  readonly reason: string | null;
}

export interface Endpoints {
  /** Returns the pauses, the oldest first. */
  pausedEndpoints(): Promise<readonly EndpointPause[]>;
  /** Commits a pause: nothing is sent to the endpoint until it is resumed. Returns false if it was paused before. */
  pauseEndpoint(pause: EndpointPause): Promise<boolean>;
  /** Commits the end of a pause. Returns false if there is none. */
  resumeEndpoint(endpoint: Endpoint): Promise<boolean>;
  /** Makes the next scheduled notification to the endpoint due now. */
  hasten(endpoint: Endpoint, now: number): Promise<void>;
  /** Returns the notifications to the endpoint among the newest `limit` of its app, newest first. */
  recentTo(endpoint: Endpoint, limit: number): Promise<readonly ListedNotification[]>;
}
