// The options of a simulator. Their defaults suit a quick run on one machine.

import { systemWorld, type World } from '../lib/world.ts';
import type { DialectName } from './dialects.ts';
import type { FateName } from './fates/catalogue.ts';
import type { SimulatorEvent } from './ledger.ts';

/** Forms of the headers: X-RateLimit-*, the drafts 7 and 8 of RateLimit, or Retry-After of a 429 alone. */
export const QUOTA_HEADERS = ['x-ratelimit', 'ratelimit', 'structured', 'none'] as const;

/** Forms of `expires_in`: a number of seconds, the same as text, with a fraction, in milliseconds, a date, or none. */
export const EXPIRES_IN_FORMS = ['seconds', 'text', 'float', 'milliseconds', 'date', 'none'] as const;

type ExpiresInForm = (typeof EXPIRES_IN_FORMS)[number];

export interface SimulatorOptions {
  /** The same seed leads to the same choices for the same correlation ids; for generated ids, for the same inputs. */
  readonly seed: string;
  readonly world: World;
  /** The dialect, named after the shipped profile that it matches. */
  readonly dialect: DialectName;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** The valid token of a dialect without a token endpoint. */
  readonly staticToken: string;
  readonly tenantId: string;
  /** The scopes that a token response names and grants; null names none and grants all. */
  readonly scope: string | null;
  readonly tokenSeconds: number;
  /** A token gets 401 for this time after its issue. */
  readonly tokenDelayMs: number;
  /** A new token revokes all earlier ones, as some token servers do. */
  readonly singleToken: boolean;
  /** Token responses name the API's base URL as `resource_server_base_uri`. */
  readonly resourceServer: boolean;
  /** The time that a token request takes. */
  readonly tokenLatencyMs: number;
  /** The form of `expires_in`; `none` leaves it out. */
  readonly expiresIn: ExpiresInForm;
  /** Tokens are JSON Web Tokens that end after this time, whatever `expires_in` states; 0: not for this reason. */
  readonly jwtSeconds: number;
  /** API requests allowed in each fixed window; 0 means no limit. */
  readonly quota: number;
  readonly quotaWindowMs: number;
  readonly quotaHeaders: (typeof QUOTA_HEADERS)[number];
  /** The max-age of discovery documents; null states none. */
  readonly discoverySeconds: number | null;
  /** The rate limit, in bursts of the same size; 0 means no limit. */
  readonly requestsPerSecond: number;
  /** The form of Retry-After in a 429 (RFC 9110, section 10.2.3). */
  readonly retryAfter: 'seconds' | 'date';
  /** The latency of every execute and poll response, to which up to `jitterMs` is added. */
  readonly latencyMs: number;
  readonly jitterMs: number;
  /** The run time of an action, to which up to `runJitterMs` is added. */
  readonly runMs: number;
  readonly runJitterMs: number;
  /** The share of executions, 0 to 1, with each fate if the inputs choose none; the rest has the fate `callback`. */
  readonly rates: { readonly [F in FateName]?: number };
  /** The number of redeliveries of a callback that gets no 2xx. */
  readonly redeliveries: number;
  /** The wait before the first redelivery; it doubles each time. */
  readonly redeliveryMs: number;
  /** The time limit for the response to a callback. */
  readonly callbackTimeoutMs: number;
  /** Called with each event when it happens. */
  readonly watch: (event: SimulatorEvent) => void;
}

const DEFAULTS: SimulatorOptions = {
  seed: 'simulator',
  world: systemWorld,
  dialect: 'cxone',
  clientId: 'simulator',
  clientSecret: 'simulator-secret',
  accessKeyId: 'simulator-key',
  accessKeySecret: 'simulator-key-secret',
  staticToken: 'simulator-token',
  tenantId: '11111111-2222-4333-8444-555555555555',
  scope: 'dx:actions:execute dx:actions:read',
  tokenSeconds: 3600,
  tokenDelayMs: 0,
  singleToken: false,
  resourceServer: false,
  tokenLatencyMs: 0,
  expiresIn: 'seconds',
  jwtSeconds: 0,
  quota: 0,
  quotaWindowMs: 10_000,
  quotaHeaders: 'x-ratelimit',
  discoverySeconds: null,
  requestsPerSecond: 100,
  retryAfter: 'seconds',
  latencyMs: 20,
  jitterMs: 30,
  runMs: 250,
  runJitterMs: 250,
  rates: {},
  redeliveries: 0,
  redeliveryMs: 500,
  callbackTimeoutMs: 10_000,
  watch: () => {},
};

/** Completes the options with the defaults. @throws {RangeError} if the rates add up to more than 1. */
export function withDefaults(options: Partial<SimulatorOptions>): SimulatorOptions {
  const complete = { ...DEFAULTS, ...options };
  const rates = Object.values(complete.rates);
  if (rates.some((rate) => !(rate >= 0)) || rates.reduce((sum, rate) => sum + rate, 0) > 1 + 1e-9) {
    throw new RangeError('the rates of all fates must add up to at most 1');
  }
  return complete;
}
