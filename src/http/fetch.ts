// The handler that listeners call for each request, and the connection that it may use.

/** The client's connection, for responses that need more of it than their body. */
export interface Connection {
  /** Closes the connection at once, even if a response is under way. */
  destroy(): void;
  /** Calls the listener when the response has been sent or can no longer be sent. */
  onClose(listener: () => void): void;
}

/** `peer` is the remote address of the connection, if it is known. */
export interface Fetch {
  (request: Request, peer?: string | null, connection?: Connection | null): Response | Promise<Response>;
  /** A shorter way for the most frequent requests. It responds as the handler itself does. */
  readonly direct?: DirectRoute;
}

export type RequestHeaders = Pick<Headers, 'get' | 'has'>;

/** The parts of a `Request` that the webhook uses, and that Node has without it. */
export interface PlainRequest extends Pick<Request, 'method' | 'url' | 'body' | 'arrayBuffer'> {
  readonly headers: RequestHeaders;
}

/** Serves POST requests to some targets without a `Request` and a `Response` of the adapter. */
export interface DirectRoute {
  /** Matches the request target, and captures the token in it. */
  readonly target: RegExp;
  /** The longest body, in bytes. */
  readonly maxBytes: number;
  /** Every response comes from `respond`. */
  readonly handle: (request: PlainRequest, token: string, peer: string | null) => Promise<Response>;
}

/** The routes that a listener serves: all, all but the webhook, or the webhook alone. */
export type ListenerRole = 'everything' | 'apps' | 'webhook';
