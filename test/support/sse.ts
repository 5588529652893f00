// Reads server-sent events as a browser's EventSource does (WHATWG HTML, section 9.2.6), and keeps all events.

interface SseEvent {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

interface SseParser {
  push(text: string): void;
  readonly events: readonly SseEvent[];
  readonly comments: readonly string[];
  /** The id that EventSource would send as Last-Event-ID. */
  readonly lastEventId: string;
  readonly retryMs: number | null;
}

function createSseParser(): SseParser {
  const events: SseEvent[] = [];
  const comments: string[] = [];
  let rest = '';
  let [data, type, id, lastEventId] = ['', '', '', ''];
  let retryMs: number | null = null;

  function dispatch(): void {
    lastEventId = id;
    if (data !== '') events.push({ id, event: type || 'message', data: data.slice(0, -1) });
    [data, type] = ['', ''];
  }

  function field(name: string, value: string): void {
    if (name === 'event') type = value;
    if (name === 'data') data += `${value}\n`;
    if (name === 'id' && !value.includes('\0')) id = value;
    if (name === 'retry' && /^\d+$/.test(value)) retryMs = Number(value);
  }

  function line(text: string): void {
    const colon = text.indexOf(':');
    if (text === '') dispatch();
    else if (colon === 0) comments.push(text.slice(1));
    else if (colon === -1) field(text, '');
    else field(text.slice(0, colon), text.slice(colon + 1).replace(/^ /, ''));
  }

  return {
    push: (text) => {
      // A carriage return at the end may be half of a line break.
      const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? '';
      for (const each of lines) line(each);
    },
    events,
    comments,
    get lastEventId() {
      return lastEventId;
    },
    get retryMs() {
      return retryMs;
    },
  };
}

export interface Follower extends AsyncDisposable, Omit<SseParser, 'push'> {
  readonly status: number;
  readonly headers: Headers;
  /** The ids of the events so far. */
  readonly ids: number[];
  /** Whether the stream has ended, for any reason. */
  readonly over: boolean;
  /** Resolves as soon as the condition holds; rejects when the stream ends before. */
  until(condition: () => boolean): Promise<void>;
  /** Disconnects, as a client does whose process ends. */
  close(): Promise<void>;
}

/** @throws {Error} with the response when it is not a stream. */
export async function follow(url: string, key: string, lastEventId?: string | number): Promise<Follower> {
  const gone = new AbortController();
  const response = await fetch(url, {
    headers: {
      authorization: `Bearer ${key}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': String(lastEventId) }),
    },
    signal: gone.signal,
  });
  const { body, status, headers } = response;
  if (status !== 200 || body === null) throw new Error(`answered ${status}: ${await response.text()}`);
  const parser = createSseParser();
  let over = false;
  let arrived = Promise.withResolvers<void>();
  const tell = () => {
    arrived.resolve();
    arrived = Promise.withResolvers();
  };
  const reading = (async () => {
    try {
      for await (const text of body.pipeThrough(new TextDecoderStream())) {
        parser.push(text);
        tell();
      }
    } catch {
      // Closed, by this side or the other.
    }
    over = true;
    tell();
  })();
  const close = async () => {
    gone.abort();
    await reading;
  };
  return {
    status,
    headers,
    events: parser.events,
    comments: parser.comments,
    get lastEventId() {
      return parser.lastEventId;
    },
    get retryMs() {
      return parser.retryMs;
    },
    get ids() {
      return parser.events.map(({ id }) => Number(id));
    },
    get over() {
      return over;
    },
    until: async (condition) => {
      while (!condition()) {
        if (over) throw new Error('the stream ended before it was so');
        await arrived.promise;
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
