// Records what the simulator received, ran and sent, per correlation id and in sums.

import { forgetBeyond } from '../lib/bounded.ts';

/** An HTTP status, or what happened to the connection instead of a response. */
export type SimulatedResponse = number | 'reset' | 'hang';

/** One request from a client; `answer` is null while it is open. Times are ISO 8601. */
export interface Exchange {
  readonly at: string;
  answer: SimulatedResponse | null;
  /** W3C Trace Context as received; absent if there was none. */
  readonly traceparent?: string;
  readonly tracestate?: string;
}

export interface SentCallback {
  readonly at: string;
  readonly executionId: string;
  /** Content, format, and whether it was forged: `outcome json`, `another outcome json forged`, … */
  readonly kind: string;
  /** 1 for the first delivery. */
  readonly attempt: number;
  /** The status, with the outcome in the response if it has one: `200 resolved`, `404`; or `no answer`. */
  readonly answer: string;
}

/** The record of one correlation id. */
export interface CaseRecord {
  readonly correlationId: string;
  readonly actionId: string;
  fate: string | null;
  /** The number of runs: the side effect that must not happen twice. */
  runs: number;
  readonly executionIds: string[];
  /** The time at which the latest run ends, ISO 8601; null before the first run, and for a run that never ends. */
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
  readonly response: string;
}

type Tally = { [response: string]: number };

export interface Stats {
  readonly requests: { readonly [C in Call]: number };
  /** The number of responses of each kind: `{"execute": {"200": 40, "hang": 1}, …}`. */
  readonly answers: { readonly [C in Call]: Readonly<Tally> };
  /** The number of responses of each kind to callbacks. */
  readonly callbacks: Readonly<Tally>;
  /** Executions with a callback that is not yet sent or has no response yet. */
  readonly pendingCallbacks: number;
  readonly correlationIds: number;
  readonly runs: number;
  readonly inFlight: number;
  readonly inFlightPeak: number;
}

export type Ledger = ReturnType<typeof createLedger>;

/** Older records are deleted, so that a simulator may run for days. */
const MAX_CASES = 100_000;

export function createLedger(watch: (event: SimulatorEvent) => void) {
  const cases = new Map<string, CaseRecord>();
  let inFlight = 0;
  let sums = noSums();

  return {
    /** Returns the record of a correlation id; creates it if it is new. */
    open: (correlationId: string, actionId: string): CaseRecord => {
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
    find: (correlationId: string): CaseRecord | undefined => cases.get(correlationId),
    all: (): CaseRecord[] => [...cases.values()],
    /** Records the start of a request; `end` records its response. */
    begin: (call: Call, at: string, trace: Pick<Exchange, 'traceparent' | 'tracestate'> = {}): Exchange => {
      inFlight += 1;
      sums.requests[call] += 1;
      sums.inFlightPeak = Math.max(sums.inFlightPeak, inFlight);
      return { at, answer: null, ...trace };
    },
    end: (call: Call, exchange: Exchange, response: SimulatedResponse, record?: CaseRecord): void => {
      inFlight -= 1;
      exchange.answer = response;
      count(sums.answers[call], String(response));
      const { correlationId = null, fate = null } = record ?? {};
      watch({ type: call, correlationId, fate, response: String(response) });
    },
    ran: (record: CaseRecord, executionId: string, endsAt: string | null): void => {
      record.runs += 1;
      record.endsAt = endsAt;
      record.executionIds.push(executionId);
      sums.runs += 1;
    },
    sent: (record: CaseRecord, callback: SentCallback): void => {
      record.callbacks.push(callback);
      count(sums.callbacks, callback.answer);
      const { correlationId, fate } = record;
      watch({ type: 'callback', correlationId, fate, response: `${callback.answer} to ${callback.kind}` });
    },
    sums: (): Omit<Stats, 'pendingCallbacks'> => ({ ...structuredClone(sums), correlationIds: cases.size, inFlight }),
    clear: (): void => {
      cases.clear();
      sums = noSums();
    },
  };
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

function count(tally: Tally, response: string): void {
  tally[response] = (tally[response] ?? 0) + 1;
}
