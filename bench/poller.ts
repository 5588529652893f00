// The alternative without a receiver: an app that submits to CXone itself and polls every two seconds until the outcome.

/** The default of the receiver's initial poll interval. */
export const POLL_EVERY_MS = 2_000;

/** The part of fetch that the poller needs. */
export type Fetch = (
  url: string,
  init: { readonly method: string; readonly headers: Record<string, string>; readonly body?: string },
) => Promise<{ readonly ok: boolean; readonly status: number; text(): Promise<string> }>;

export interface PollerTools {
  readonly fetch: Fetch;
  readonly sleep: (ms: number) => Promise<unknown>;
  readonly baseUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface Poller {
  /** Submits, polls until the execution has ended, and resolves with CXone's response. @throws Error for any response other than 2xx. */
  run(correlationId: string, actionId: string, inputs: object): Promise<{ readonly status: string }>;
  /** Requests of this poller without token requests. */
  readonly requests: { readonly token: number; readonly execute: number; readonly poll: number };
}

/** The callback URL leads nowhere: this app has no callback endpoint. */
const NOWHERE = 'http://127.0.0.1:9/';

const ENDED = ['COMPLETED', 'FAILED'];

export function createPoller({ fetch, sleep, baseUrl, clientId, clientSecret }: PollerTools): Poller {
  const requests = { token: 0, execute: 0, poll: 0 };
  let token: Promise<string> | null = null;

  async function call(
    kind: keyof typeof requests,
    path: string,
    init: Parameters<Fetch>[1],
  ): Promise<Record<string, unknown>> {
    requests[kind] += 1;
    const response = await fetch(`${baseUrl}/api/v2/${path}`, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`CXone answered ${response.status} to a ${kind} request: ${text.slice(0, 200)}`);
    return JSON.parse(text) as Record<string, unknown>;
  }

  async function newToken(): Promise<string> {
    const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
    const body = new URLSearchParams(form).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await call('token', 'oauth/token', { method: 'POST', headers, body });
    return String(answer['access_token']);
  }

  return {
    requests,
    run: async (correlationId, actionId, inputs) => {
      token ??= newToken();
      const headers = { authorization: `Bearer ${await token}`, 'x-correlation-id': correlationId };
      const accepted = await call('execute', `dx/actions/${actionId}/execute`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({ inputs, context: { callbackUrl: NOWHERE }, asyncExecution: true }),
      });
      const path = `dx/actions/${actionId}/executions/${String(accepted['executionId'])}`;
      for (;;) {
        await sleep(POLL_EVERY_MS);
        const { status } = await call('poll', path, { method: 'GET', headers });
        if (ENDED.includes(String(status))) return { status: String(status) };
      }
    },
  };
}
