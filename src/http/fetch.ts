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

/** The parts of a `Request` that callbacks and submissions use, and that Node has without it. */
export interface PlainRequest extends Pick<Request, 'method' | 'url' | 'body' | 'arrayBuffer'> {
  readonly headers: RequestHeaders;
  /** True if no other request was under way when it began. */
  readonly isAlone?: boolean;
}

/** Serves the most frequent POST requests without a `Request` and a `Response` of the adapter. */
export interface DirectRoute {
  /** The longest body, in bytes. */
  readonly maxBytes: number;
  /** Returns the handler of a request; null if the adapter serves it. */
  find(request: DirectRequest): DirectHandler | null;
}

/** The target of a request line, and the headers that can make a request unusual, as Node names them. */
export interface DirectRequest {
  readonly target: string;
  readonly headers: { readonly accept?: string | undefined; readonly prefer?: unknown };
}

/** Every response comes from `respond`. */
export type DirectHandler = (
  request: PlainRequest,
  peer: string | null,
  connection?: Connection | null,
) => Promise<Response>;

/** The routes that a listener serves: all, all but the webhook, or the webhook alone. */
export type ListenerRole = 'everything' | 'apps' | 'webhook';
