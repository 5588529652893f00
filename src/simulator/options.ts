// How a simulator behaves as a whole; each setting has a default that suits a quick run on one machine.

import { systemWorld, type World } from '../lib/world.ts';
import type { DialectName } from './dialects.ts';
import type { FateName } from './fates/catalogue.ts';
import type { SimulatorEvent } from './ledger.ts';

export interface SimulatorOptions {
  /** The same seed makes the same choices for the same correlation ids. */
  readonly seed: string;
  readonly world: World;
  /** How it wants to be spoken to: the name of the shipped profile that is to fit. */
  readonly dialect: DialectName;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** The one that counts where none is given. */
  readonly staticToken: string;
  readonly tenantId: string;
  /** Scopes that the token answer names and grants; null names none and grants all. */
  readonly scope: string | null;
  readonly tokenSeconds: number;
  /** A token gets 401 for this time after its issue. */
  readonly tokenDelayMs: number;
  /** A new token revokes all earlier ones, as some token servers do. */
  readonly singleToken: boolean;
  /** Requests a second and client, in bursts of as many; 0 is no limit. */
  readonly requestsPerSecond: number;
  /** How a 429 of the rate limit says Retry-After (RFC 9110, section 10.2.3). */
  readonly retryAfter: 'seconds' | 'date';
  /** Every execute and poll takes this long to be answered, and up to `jitterMs` more. */
  readonly latencyMs: number;
  readonly jitterMs: number;
  /** An action runs this long, and up to `runJitterMs` more. */
  readonly runMs: number;
  readonly runJitterMs: number;
  /** Share of executions, 0 to 1, that meet each fate if their inputs choose none; the rest is called back. */
  readonly rates: { readonly [F in FateName]?: number };
  /** How often a callback is sent again when it gets no 2xx. */
  readonly redeliveries: number;
  /** Wait before the first redelivery; it doubles each time. */
  readonly redeliveryMs: number;
  /** How long a callback waits for its answer. */
  readonly callbackTimeoutMs: number;
  /** Hears of each thing as it happens. */
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

/** @throws {RangeError} when the rates add up to more than 1. */
export function withDefaults(options: Partial<SimulatorOptions>): SimulatorOptions {
  const complete = { ...DEFAULTS, ...options };
  const rates = Object.values(complete.rates);
  if (rates.some((rate) => !(rate >= 0)) || rates.reduce((sum, rate) => sum + rate, 0) > 1 + 1e-9) {
    throw new RangeError('the rates of all fates together are between 0 and 1');
  }
  return complete;
}
