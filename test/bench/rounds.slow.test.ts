// No execution is resolved twice, a build that rejects a request gets no figure, and acknowledged results are read afterwards.

import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Load, startLoad } from '../../bench/load/client.ts';
import { submissions, writeRequests } from '../../bench/load/requests.ts';
import { measureRounds, type Setting } from '../../bench/rounds.ts';
import { type Contender, demandEqual } from '../../bench/servers/contenders.ts';
import { temporaryFolder } from '../support/temporary.ts';

const SETTINGS: readonly Setting[] = [
  { name: 'two kept', mode: { kind: 'kept', connections: 2 }, share: 0.5 },
  { name: 'each its own', mode: { kind: 'fresh', inFlight: 2 }, share: 0.3 },
];

interface Stage {
  readonly file: string;
  readonly load: Load;
  contender(answer: (response: ServerResponse, nth: number) => void, consumes: boolean): Promise<Staged>;
}
interface Staged extends Contender {
  readonly bodies: readonly string[];
  /** What it was said to have acknowledged. */
  readonly account: { readonly settled: number[] };
}

async function stage(count: number): Promise<Stage> {
  const folder = temporaryFolder();
  const file = join(folder, 'requests');
  await writeRequests(file, submissions(count));
  const load = await startLoad({ scratch: folder, place: null });
  onTestFinished(() => load.stop());
  return { file, load, contender };
}

async function contender(answer: (response: ServerResponse, nth: number) => void, consumes: boolean): Promise<Staged> {
  const bodies: string[] = [];
  const account = { settled: [] as number[] };
  const server = createServer(async (request, response) => {
    bodies.push(Buffer.concat(await request.toArray()).toString());
    answer(response, bodies.length);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    ...{ name: consumes ? 'receiver' : 'bare', port: (server.address() as { port: number }).port, headers: {} },
    ...{ consumes, bodies, account },
    cpuMicroseconds: () => Promise.resolve(bodies.length * 10),
    commits: () => Promise.resolve({ commits: bodies.length, mutations: bodies.length * 3 }),
    signal: () => {},
    settle: async (answered) => void account.settled.push(answered),
    stop: () => Promise.resolve(),
  };
}

const plan = ({ file, load }: Stage, contenders: readonly Contender[], count: number) => ({
  ...{ contenders, settings: SETTINGS, rounds: 3, seconds: 5, file, count, load, log: () => {} },
  signal: new AbortController().signal,
});

test('no execution is resolved twice, and all that was acknowledged is asked for afterwards', async () => {
  const count = 200;
  const site = await stage(count);
  const [consuming, bare] = [
    await site.contender((response) => response.end('{}'), true),
    await site.contender((response) => response.end('{}'), false),
  ];
  const samples = await measureRounds(plan(site, [consuming, bare], count));
  expect(new Set(consuming.bodies).size).toBe(consuming.bodies.length);
  expect(consuming.account.settled).toEqual([consuming.bodies.length]);
  expect(consuming.bodies.length).toBeLessThanOrEqual(count);
  expect(samples).toHaveLength(2 * 2 * 3);
  for (const round of [1, 2, 3]) expect(samples.filter((sample) => sample.round === round)).toHaveLength(4);
  for (const sample of samples) {
    expect(sample).toMatchObject({ cpuMicroseconds: 10, meanBatch: 3 });
    expect(sample.perSecond).toBeGreaterThan(0);
  }
});

test('a contender that turns one request away gets no figure', async () => {
  const site = await stage(200);
  const refusing = await site.contender((response, nth) => {
    response.statusCode = nth === 30 ? 503 : 200;
    response.end('{}');
  }, true);
  await expect(measureRounds(plan(site, [refusing], 200))).rejects.toThrow(/1 were not answered 2xx: 1 times 503/);
  expect(refusing.account.settled).toEqual([]);
});

test('an account that does not add up says what is missing', () => {
  demandEqual('it', { resolved: 3, audited: 3 }, { resolved: 3, audited: 3 });
  expect(() => demandEqual('it', { resolved: 2, audited: 3 }, { resolved: 3, audited: 3 })).toThrow(
    'it does not hold what it acknowledged: resolved is 2 and should be 3',
  );
});
