// The handler that listeners call for each request, and the connection that it may use.

/** The client's connection, for responses that need more of it than their body. */
export interface Connection {
  /** Closes the connection at once, even if a response is under way. */
  destroy(): void;
  /** Calls the listener when the response has been sent or can no longer be sent. */
  onClose(listener: () => void): void;
}

/** `peer` is the remote address of the connection, if it is known. */
export type Fetch = (
  request: Request,
  peer?: string | null,
  connection?: Connection | null,
) => Response | Promise<Response>;

/** The routes that a listener serves: all, all but the webhook, or the webhook alone. */
export type ListenerRole = 'everything' | 'apps' | 'webhook';
