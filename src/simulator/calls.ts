// The middleware of every call to the simulated CXone: counting, outage, token, scope and rate limit.

import type { Context, MiddlewareHandler } from 'hono';
import { isoTime } from '../lib/time.ts';
import { apiOf } from './api/by-dialect.ts';
import type { Call, CaseRecord, Ledger } from './ledger.ts';
import type { Quota, RateLimit } from './limits.ts';
import type { SimulatorOptions } from './options.ts';
import type { Move, Outage, OutageOrder } from './outage.ts';
import { cutOff, refusalHeaders, respond, retryAfter, type SimulatorEnv, withHeaders } from './responses.ts';
import type { Tokens } from './tokens.ts';

type CallMiddleware = MiddlewareHandler<SimulatorEnv>;
type RecordOf = (c: Parameters<CallMiddleware>[0]) => CaseRecord | undefined | Promise<CaseRecord | undefined>;

export interface Calls {
  /** Counts a call and applies an outage to it. `recordOf` finds the record that the call concerns. */
  counted(call: Call, recordOf?: RecordOf): CallMiddleware;
  /** Requires a Bearer token with this scope (null: with any scope) and applies the rate limit. */
  guarded(scope: string | null): CallMiddleware;
  limited: CallMiddleware;
}

export interface CallParts {
  readonly options: SimulatorOptions;
  readonly ledger: Ledger;
  readonly outage: Outage;
  readonly move: Move;
  readonly tokens: Tokens;
  readonly rateLimit: RateLimit;
  readonly quota: Quota;
}

export function createCalls({ options, ledger, outage, move, tokens, rateLimit, quota }: CallParts): Calls {
  const { world } = options;

  const refusedByLimit = (c: Parameters<CallMiddleware>[0]) => {
    const waitMs = rateLimit.take();
    if (waitMs === 0) return null;
    const headers = retryAfter(Math.max(1, waitMs / 1000), options.retryAfter, world.now());
    return respond(c, 429, 'too many requests', headers);
  };

  /** At an address from which the API has moved, executes and polls get the same as in an outage. */
  const leftBehind = (call: Call, url: string): OutageOrder | null => {
    const answer = call === 'token' ? null : move.responseAt(new URL(url).origin);
    return answer === null ? null : { answer, ms: 0 };
  };

  return {
    counted:
      (call, recordOf) =>
      async (c, next): Promise<Response | undefined> => {
        const exchange = ledger.begin(call, isoTime(world.now()), traceIn(c));
        c.set('errorMember', apiOf(options.dialect).errorMember);
        const record = await recordOf?.(c);
        c.set('exchange', exchange);
        c.set('record', record);
        record?.[call === 'execute' ? 'posts' : 'polls'].push(exchange);
        try {
          const down = outage.responseTo(call) ?? leftBehind(call, c.req.url);
          if (down !== null && down.answer !== 'cut') {
            const headers = refusalHeaders(down, options.retryAfter === 'date', world.now());
            return await respond(c, down.answer, 'the simulator has an outage', headers);
          }
          await next();
          exchange.answer ??= c.res.status;
          if (down !== null || c.get('cut')) await sendCut(c);
          return undefined;
        } finally {
          ledger.end(call, exchange, exchange.answer ?? c.res.status, record);
        }
      },
    guarded:
      (scope) =>
      async (c, next): Promise<Response | undefined> => {
        if (!tokens.valid(bearerOf(c.req.header('authorization')))) {
          return respond(c, 401, 'the access token is missing, unknown, expired or revoked', {
            'www-authenticate': 'Bearer',
          });
        }
        const { allowed, headers } = quota.take();
        if (!allowed) return respond(c, 429, 'the quota is used up', headers);
        const refusal = refusedByLimit(c);
        if (refusal !== null) return refusal;
        if (scope !== null && options.scope !== null && !options.scope.split(' ').includes(scope)) {
          return respond(c, 403, `the access token lacks the scope ${scope}`);
        }
        await next();
        withHeaders(c.res, headers);
        return undefined;
      },
    limited: async (c, next) => refusedByLimit(c) ?? next(),
  };
}

async function sendCut(c: Context<SimulatorEnv>): Promise<void> {
  const sent = await cutOff(c, c.res);
  // Without this, hono would add the headers of the earlier response.
  c.res = undefined;
  c.res = sent;
}

function traceIn(c: Parameters<CallMiddleware>[0]): { traceparent?: string; tracestate?: string } {
  const traceparent = c.req.header('traceparent');
  const tracestate = c.req.header('tracestate');
  return {
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(tracestate === undefined ? {} : { tracestate }),
  };
}

function bearerOf(header: string | undefined): string {
  return /^Bearer +(\S+)$/i.exec(header ?? '')?.[1] ?? '';
}
