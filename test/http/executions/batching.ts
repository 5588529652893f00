// Batches as the tests send them, and how they look at the answers.

import type { Answer, Harness } from '../harness.ts';

/** A queue that no batch fills. */
export const ROOM = { queueCapacity: 10_000 };
export const PROBLEM = 'urn:cxone-callback-receiver:problem:';

export const item = (n: number, more: object = {}) => ({ actionId: 'charge-card', correlationId: `n${n}`, ...more });
export const items = (count: number) => Array.from({ length: count }, (_, n) => item(n));

export function send(
  http: Harness,
  executions: unknown,
  more: { atomic?: unknown; key?: string } = {},
): Promise<Answer> {
  const { key, ...rest } = more;
  const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
  return http.call('POST', '/v1/executions/batch', { headers, body: { executions, ...rest } });
}

export const statuses = ({ json }: Answer): number[] => json.items.map(({ status }: { status: number }) => status);
export const stored = async (http: Harness) => (await http.store.list({ app: null, limit: 10_000 })).items.length;
