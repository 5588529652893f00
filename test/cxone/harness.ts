// A client of CXone against a server that a test scripts, with the token endpoint played along.

import { onTestFinished } from 'vitest';
import { type CxoneClient, type CxoneOptions, createCxone } from '../../src/cxone/client.ts';
import { loadProfile } from '../../src/cxone/profile/profile.ts';
import type { Execution } from '../../src/execution/execution.ts';
import { anExecution } from '../support/executions.ts';
import { createManualWorld, type ManualWorld } from '../support/manual-world.ts';
import { quietLog, type RememberingLog } from '../support/quiet-log.ts';
import { type Answer, sendJson, startUpstream, type Upstream } from '../support/upstream.ts';

export const SECRET = 'cl13nt-s3cr3t';
export const CALLBACK_URL = 'https://receiver.example/webhook/cxone-execution/cmVmZXJlbmNl.bWFj';

export interface Client {
  readonly cxone: CxoneClient;
  readonly world: ManualWorld;
  readonly log: RememberingLog;
}

/** What the built-in profile needs nothing of. */
const NOTHING_ELSE = {
  issuer: null,
  tenantId: null,
  accessKeyId: null,
  accessKeySecret: null,
  token: null,
  allowedHosts: [],
};

/** Closed when the test is over. */
export function startClient(baseUrl: string, overrides: Partial<CxoneOptions> = {}): Client {
  const world = createManualWorld();
  const log = quietLog();
  const cxone = createCxone({
    baseUrl,
    tokenUrl: null,
    clientId: 'client',
    clientSecret: SECRET,
    ...NOTHING_ELSE,
    profile: loadProfile(null),
    world,
    log,
    maxConcurrent: 10,
    ratePerSecond: 1000,
    requestTimeoutMs: 5_000,
    ...overrides,
  });
  onTestFinished(() => cxone.close());
  return { cxone, world, log };
}

/** A CXone that issues the tokens t1, t2, … and answers every other request with `answer`. */
export async function startTenant(answer: Answer): Promise<Upstream> {
  let tokens = 0;
  return startUpstream((request, response) => {
    if (!request.url.endsWith('/oauth/token')) return answer(request, response);
    tokens += 1;
    sendJson(response, 200, { access_token: `t${tokens}`, expires_in: 3600 });
  });
}

export function aPolled(executionId: string | null, actionId = 'charge-card'): Execution {
  return { ...anExecution({ actionId, correlationId: 'order-1' }), executionId };
}
