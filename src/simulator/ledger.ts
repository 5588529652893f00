// What the simulator received, did and sent, per correlation id and in sums, for tests and people to look at.

/** An HTTP status, or what happened to the connection instead of an answer. */
export type Answer = number | 'reset' | 'hang';

/** One request from a client; `answer` is null while it is open. Times are ISO 8601. */
export interface Exchange {
  readonly at: string;
  answer: Answer | null;
  /** W3C Trace Context, as it came; left out when none did. */
  readonly traceparent?: string;
  readonly tracestate?: string;
}

export interface SentCallback {
  readonly at: string;
  readonly executionId: string;
  /** What it said, how, and whether it was forged: `outcome json`, `another outcome json forged`, … */
  readonly kind: string;
  /** 1 for the first delivery. */
  readonly attempt: number;
  /** The status, with the outcome in the answer if there was one: `200 resolved`, `404`; or `no answer`. */
  readonly answer: string;
}

/** Everything about one correlation id. */
export interface CaseRecord {
  readonly correlationId: string;
  readonly actionId: string;
  fate: string | null;
  /** How often the action ran: the side effect that must not happen twice. */
  runs: number;
  readonly executionIds: string[];
  /** When the latest run truly ended or will end, ISO 8601; null while there was none, or for one that never ends. */
  endsAt: string | null;
  readonly posts: Exchange[];
  readonly polls: Exchange[];
  readonly callbacks: SentCallback[];
}

export type Call = 'token' | 'execute' | 'poll';

export interface SimulatorEvent {
  readonly type: Call | 'callback';
  readonly correlationId: string | null;
  readonly fate: string | null;
  readonly answer: string;
}

type Tally = { [answer: string]: number };

export interface Stats {
  readonly requests: { readonly [C in Call]: number };
  /** How many of each answer were given: `{"execute": {"200": 40, "hang": 1}, …}`. */
  readonly answers: { readonly [C in Call]: Readonly<Tally> };
  /** How many of each answer callbacks got. */
  readonly callbacks: Readonly<Tally>;
  /** Callbacks that are still to be sent or answered, counted by execution. */
  readonly pendingCallbacks: number;
  readonly correlationIds: number;
  readonly runs: number;
  readonly inFlight: number;
  readonly inFlightPeak: number;
}

export interface Ledger {
  /** The record of a correlation id, opened when it is new. */
  open(correlationId: string, actionId: string): CaseRecord;
  find(correlationId: string): CaseRecord | undefined;
  all(): CaseRecord[];
  /** A request came in; `end` it with its answer. */
  begin(call: Call, at: string, trace?: Pick<Exchange, 'traceparent' | 'tracestate'>): Exchange;
  end(call: Call, exchange: Exchange, answer: Answer, record?: CaseRecord): void;
  ran(record: CaseRecord, executionId: string, endsAt: string | null): void;
  sent(record: CaseRecord, callback: SentCallback): void;
  sums(): Omit<Stats, 'pendingCallbacks'>;
  clear(): void;
}

/** Older ones are forgotten, so that a simulator may run for days. */
const MAX_CASES = 100_000;

export function createLedger(watch: (event: SimulatorEvent) => void): Ledger {
  const cases = new Map<string, CaseRecord>();
  let inFlight = 0;
  let sums = noSums();

  return {
    open: (correlationId, actionId) => {
      const known = cases.get(correlationId);
      if (known !== undefined) return known;
      const record = {
        correlationId,
        actionId,
        fate: null,
        runs: 0,
        executionIds: [],
        endsAt: null,
        posts: [],
        polls: [],
        callbacks: [],
      };
      cases.set(correlationId, record);
      forgetBeyond(cases, MAX_CASES);
      return record;
    },
    find: (correlationId) => cases.get(correlationId),
    all: () => [...cases.values()],
    begin: (call, at, trace = {}) => {
      inFlight += 1;
      sums.requests[call] += 1;
      sums.inFlightPeak = Math.max(sums.inFlightPeak, inFlight);
      return { at, answer: null, ...trace };
    },
    end: (call, exchange, answer, record) => {
      inFlight -= 1;
      exchange.answer = answer;
      count(sums.answers[call], String(answer));
      const { correlationId = null, fate = null } = record ?? {};
      watch({ type: call, correlationId, fate, answer: String(answer) });
    },
    ran: (record, executionId, endsAt) => {
      record.runs += 1;
      record.endsAt = endsAt;
      record.executionIds.push(executionId);
      sums.runs += 1;
    },
    sent: (record, callback) => {
      record.callbacks.push(callback);
      count(sums.callbacks, callback.answer);
      const { correlationId, fate } = record;
      watch({ type: 'callback', correlationId, fate, answer: `${callback.answer} to ${callback.kind}` });
    },
    sums: () => ({ ...structuredClone(sums), correlationIds: cases.size, inFlight }),
    clear: () => {
      cases.clear();
      sums = noSums();
    },
  };
}

/** Drops the oldest entries of a map until `size` are left. */
export function forgetBeyond(map: Map<string, unknown>, size: number): void {
  for (const key of map.keys()) {
    if (map.size <= size) return;
    map.delete(key);
  }
}

function noSums() {
  return {
    requests: { token: 0, execute: 0, poll: 0 },
    answers: { token: {} as Tally, execute: {} as Tally, poll: {} as Tally },
    callbacks: {} as Tally,
    runs: 0,
    inFlightPeak: 0,
  };
}

function count(tally: Tally, answer: string): void {
  tally[answer] = (tally[answer] ?? 0) + 1;
}
