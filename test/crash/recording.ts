// The receiver under load, with a log of its writes and messages in order, to simulate a power loss at any point.

import { join } from 'node:path';
import { expect } from 'vitest';
import { createSimulator } from '../../src/simulator/app.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { type DiskEvent, readDiskLog, TRACING } from './disk-log.ts';
import { openInbox } from './inbox.ts';
import { callBack, post, type Setting, settingFor, startReceiver } from './receiver.ts';

const SUBMITTERS = 3;
/** This number of each five is sent as one atomic batch under a key, the others alone. */
const IN_BATCH = 2;
const ROUND = 5;

export interface Recording {
  readonly events: readonly DiskEvent[];
  readonly folder: string;
  /** References in the order of their callbacks, each sent after the one before. */
  readonly calledBack: readonly string[];
}

/** The receiver from its first start, under load, to SIGTERM. */
export async function record(executions: number, root?: string): Promise<Recording> {
  const folder = temporaryFolder();
  await using simulator = createSimulator({ latencyMs: 0, jitterMs: 0, requestsPerSecond: 0 });
  const { url } = await simulator.listen();
  // Folders that do not exist yet: their names must become durable too.
  const inbox = await openInbox();
  const setting = await settingFor(join(folder, 'new', 'data', 'receiver.db'), url, inbox.origin);
  const log = join(temporaryFolder(), 'log');
  const receiver = startReceiver(setting, { strace: ['-o', log, ...TRACING], ...(root ? { root } : {}) });
  if (!(await receiver.listening)) throw new Error((await receiver.ended).stderr);
  const calledBack = await drive(setting, executions);
  receiver.child.kill('SIGTERM');
  expect(await receiver.ended).toMatchObject({ code: 0, stderr: '' });
  return { events: await readDiskLog(log, folder), folder, calledBack };
}

async function drive(setting: Setting, executions: number): Promise<string[]> {
  const accepted: string[] = [];
  const calledBack: string[] = [];
  let left = executions / ROUND;
  const submitting = Array.from({ length: SUBMITTERS }, async () => {
    while (left > 0) {
      const round = `round-${left}`;
      left -= 1;
      accepted.push(...(await submitRound(setting, round)));
    }
  });
  let submitted = false;
  const calling = (async () => {
    while (!submitted || accepted.length > 0) {
      const reference = accepted.shift();
      if (reference === undefined) await new Promise(setImmediate);
      else {
        // Sent and pending POSTs: a callback may arrive before the submit response.
        expect((await callBack(setting, reference)).status).toBe(200);
        calledBack.push(reference);
      }
    }
  })();
  await Promise.all(submitting);
  submitted = true;
  await calling;
  return calledBack;
}

/** Correlation ids of five executions: two in a batch, three alone, all with notifications. */
async function submitRound(setting: Setting, round: string): Promise<string[]> {
  const submission = (more: object = {}) => ({
    actionId: 'charge',
    graceSeconds: 600,
    notifyUrl: `${setting.notifyOrigin}/notified`,
    inputs: { simulate: { callbacks: [], runMs: 600_000 }, ...more },
  });
  const send = async (path: string, key: string, body: object, status: number) => {
    const answer = await post(setting, { path, key, body });
    expect(answer.status).toBe(status);
    return answer.json();
  };
  const together = Array.from({ length: IN_BATCH }, (_, i) =>
    submission({ mark: `${round}.${i}`, together: round, of: IN_BATCH }),
  );
  const batch = { executions: together, atomic: true };
  const { items } = (await send('/v1/executions/batch', round, batch, 200)) as {
    items: { execution: { correlationId: string } }[];
  };
  const ids = items.map(({ execution }) => execution.correlationId);
  for (let i = IN_BATCH; i < ROUND; i += 1) {
    const mark = `${round}.${i}`;
    ids.push(
      ((await send('/v1/executions', mark, submission({ mark }), 202)) as { correlationId: string }).correlationId,
    );
  }
  return ids;
}
