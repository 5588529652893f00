// Serves direct routes from Node's own objects: the adapter's Request and Response would cost a good part of a callback.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { type Log, reasonOf } from '../../lib/log.ts';
import type { Connection, DirectHandler, DirectRoute, PlainRequest, RequestHeaders } from '../fetch.ts';
import { partsOf } from '../response/json.ts';

/** Hosts that the adapter takes as they are. Any other host goes to the adapter, which accepts or rejects it. */
const PLAIN_HOST = /^[a-z0-9._-]+(?::(?:[1-5]\d{3,4}|[6-9]\d{3}))?$/;

/** Serves the request and returns true if a direct route is for it; returns false for a request that needs the adapter. */
export type ServeDirectly = (incoming: IncomingMessage, outgoing: ServerResponse) => boolean;

export function createDirectRoute(route: DirectRoute, log: Log | undefined): ServeDirectly {
  /** What waits for the end of this turn of the event loop. */
  let waiting: ((isAlone: boolean) => void)[] = [];
  /** Requests without a response yet. */
  let underWay = 0;

  /** Calls `begin` when all that has arrived in this turn is parsed. Node reports a head before it parses the body behind it. */
  function onceParsed(begin: (isAlone: boolean) => void): void {
    if (waiting.push(begin) === 1) setImmediate(beginAll);
  }

  function beginAll(): void {
    const due = waiting;
    waiting = [];
    // promise: several-requests-share-a-commit
    const isAlone = due.length === 1 && underWay === 0;
    for (const begin of due) begin(isAlone);
  }

  async function serve(handle: DirectHandler, request: PlainRequest, { incoming, outgoing }: Exchange): Promise<void> {
    let response: Response;
    underWay += 1;
    try {
      response = await handle(request, incoming.socket.remoteAddress ?? null, new OutgoingConnection(outgoing));
    } finally {
      underWay -= 1;
    }
    send(response, outgoing);
  }

  return (incoming, outgoing) => {
    const { url: target = '', headers } = incoming;
    const handle = isPlain(incoming, route) ? route.find({ target, headers }) : null;
    if (handle === null) return false;
    const begin = (isAlone: boolean) => {
      serve(handle, new IncomingRequest(incoming, isAlone), { incoming, outgoing }).catch((error: unknown) => {
        log?.error({ reason: reasonOf(error) }, 'a response was not written');
        outgoing.destroy();
      });
    };
    const socket: UsedSocket = incoming.socket;
    // Node accepts one connection per turn: a request that waited on a new one would miss the commit of the others.
    if (socket[USED]) onceParsed(begin);
    else begin(false);
    socket[USED] = true;
    return true;
  };
}

/** Whether a request of the connection was served directly. */
const USED = Symbol('used');

interface UsedSocket extends Socket {
  [USED]?: true;
}

/** Returns whether it is an HTTP/1.1 POST with a plain host and a declared, allowed length. */
function isPlain({ method, httpVersion, headers }: IncomingMessage, { maxBytes }: DirectRoute): boolean {
  if (method !== 'POST' || httpVersion !== '1.1' || headers['transfer-encoding'] !== undefined) return false;
  return PLAIN_HOST.test(headers.host ?? '') && Number(headers['content-length']) <= maxBytes;
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

/** @throws {Error} for a response whose body is a stream. */
function send(response: Response, outgoing: ServerResponse): void {
  const parts = partsOf(response);
  if (parts === undefined || parts.body instanceof ReadableStream) throw new Error('a direct route responds with text');
  const { status, headers, body } = parts;
  if (body !== null) declareLength(outgoing, body);
  outgoing.writeHead(status, headers);
  outgoing.end(body);
}

interface Closing {
  readonly closed?: boolean;
  once(event: 'close', listener: () => void): unknown;
}

/** Calls the listener when the response has been sent or can no longer be sent, also if that was before. */
export function whenClosed(outgoing: Closing, listener: () => void): void {
  if (outgoing.closed) listener();
  else outgoing.once('close', listener);
}

class OutgoingConnection implements Connection {
  readonly #outgoing: ServerResponse;

  constructor(outgoing: ServerResponse) {
    this.#outgoing = outgoing;
  }

  destroy(): void {
    this.#outgoing.destroy();
  }

  onClose(listener: () => void): void {
    whenClosed(this.#outgoing, listener);
  }
}

/** As the adapter does: Node then writes the length behind the other headers, and checks each header once. */
function declareLength(outgoing: ServerResponse & { _contentLength?: number }, body: string | Uint8Array): void {
  outgoing._contentLength = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
}

class IncomingRequest implements PlainRequest {
  readonly method = 'POST';
  readonly headers: RequestHeaders;
  readonly isAlone: boolean;
  readonly #incoming: IncomingMessage;

  constructor(incoming: IncomingMessage, isAlone: boolean) {
    this.#incoming = incoming;
    this.isAlone = isAlone;
    this.headers = new IncomingHeaders(incoming.rawHeaders);
  }

  get url(): string {
    return `http://${this.#incoming.headers.host}${this.#incoming.url}`;
  }

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return Readable.toWeb(this.#incoming) as ReadableStream<Uint8Array<ArrayBuffer>>;
  }

  /** @throws Error if the connection ends before the body. */
  arrayBuffer(): Promise<ArrayBuffer> {
    const incoming = this.#incoming;
    const chunks: Buffer[] = [];
    const readRest = () => {
      for (let rest = incoming.read(); rest !== null; rest = incoming.read()) chunks.push(rest);
      return joined(chunks);
    };
    // Most bodies of kept connections have arrived with their heads: no stream is needed to read them.
    // promise: complete-callback-outlives-its-connection
    if (incoming.complete) return Promise.resolve(readRest());
    return new Promise((resolve, reject) => {
      const cut = () => reject(new Error('the body did not arrive whole'));
      // A check before the body may have taken longer than the connection lasted.
      if (incoming.destroyed) cut();
      else
        incoming
          .on('data', (chunk) => chunks.push(chunk))
          .once('end', () => resolve(joined(chunks)))
          .once('close', () => (incoming.complete ? resolve(readRest()) : cut()));
    });
  }
}

/** A copy, unless there is one chunk with a buffer of its own: others are parts of larger buffers. */
function joined(chunks: readonly Buffer[]): ArrayBuffer {
  const [only] = chunks;
  const { buffer, byteOffset, byteLength } = chunks.length === 1 && only ? only : Buffer.concat(chunks);
  const whole = buffer as ArrayBuffer;
  return byteLength === whole.byteLength ? whole : whole.slice(byteOffset, byteOffset + byteLength);
}

/** As in the Fetch standard, several fields of one name are one list. */
class IncomingHeaders implements RequestHeaders {
  readonly #raw: readonly string[];

  constructor(raw: readonly string[]) {
    this.#raw = raw;
  }

  get(name: string): string | null {
    const wanted = name.toLowerCase();
    let found: string | null = null;
    for (let i = 0; i < this.#raw.length; i += 2) {
      const field = this.#raw[i] ?? '';
      if (field.length !== wanted.length || field.toLowerCase() !== wanted) continue;
      const value: string = this.#raw[i + 1] ?? '';
      found = found === null ? value : `${found}${wanted === 'cookie' ? '; ' : ', '}${value}`;
    }
    return found;
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }
}
