// The promises of each example, in every language.

import { expect, test } from 'vitest';
import { setStage } from './stage.ts';

interface Examples {
  readonly command: string;
  readonly submitAndWait: string;
  readonly batch: string;
  readonly followEvents: string;
  readonly receiveNotifications?: string;
}

const WORD = String.raw`[\w.-]+`;

export function testExamples({ command, submitAndWait, batch, followEvents, receiveNotifications }: Examples): void {
  test(`${submitAndWait} prints the outcome`, async () => {
    const stage = await setStage();
    const { code, stdout, stderr } = await stage.run(command, submitAndWait).finished;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/COMPLETED/);
    for await (const { correlationId, status } of stage.client.list()) {
      expect([stdout.includes(correlationId), status]).toEqual([true, 'COMPLETED']);
    }
    expect(stage.runs()).toBe(1);
  });

  test(`${submitAndWait} names the error of a wrong key, and fails`, async () => {
    const stage = await setStage();
    const { code, stdout, stderr } = await stage.run(command, submitAndWait, { RECEIVER_KEY: 'a-wrong-key-0123456789' })
      .finished;
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain('A valid key is needed');
    expect(stdout + stderr).not.toContain('a-wrong-key');
  });

  test(`${batch}, run twice under its key, runs each submission once`, async () => {
    const stage = await setStage();
    const first = await stage.run(command, batch, { BATCH: 'today' }).finished;
    const second = await stage.run(command, batch, { BATCH: 'today' }).finished;
    expect([first.code, first.stderr, second.code]).toEqual([0, '', 0]);
    expect(second.stdout).toBe(first.stdout);
    const ids: string[] = [];
    for await (const { correlationId } of stage.client.list()) {
      expect(first.stdout).toContain(correlationId);
      ids.push(correlationId);
    }
    expect(ids).toHaveLength(3);
    await Promise.all(ids.map((id) => stage.client.get(id, { waitSeconds: 10 })));
    expect(stage.runs()).toBe(3);
  });

  test(`${followEvents} prints past and new events`, async () => {
    const stage = await setStage();
    await stage.client.submitAndWait({ actionId: 'look-up', correlationId: 'before' });
    const following = stage.run(command, followEvents, { LAST_EVENT_ID: '1' });
    await following.line((line) => /COMPLETED/.test(line) && line.includes('before'));
    await stage.client.submitAndWait({ actionId: 'look-up', correlationId: 'after' });
    await following.line((line) => /ACCEPTED/.test(line));
    await following.line((line) => /COMPLETED/.test(line) && line.includes('after'));
  });

  if (receiveNotifications === undefined) return;

  test(`${receiveNotifications} receives the outcome of its execution`, async () => {
    const stage = await setStage();
    const notified = stage.run(command, receiveNotifications, { PORT: stage.appPort });
    const submitted = await notified.line((line) => line.startsWith('submitted '));
    const id = submitted.replace('submitted ', '');
    expect(await notified.line((line) => line.startsWith('execution.'))).toMatch(
      new RegExp(`^execution\\.completed ${WORD} COMPLETED \\{.*\\}$`),
    );
    const entries = async () => (await stage.client.audit(id)).map(({ event }) => event);
    await expect.poll(entries, { timeout: 10_000 }).toContain('NOTIFICATION_DELIVERED');
  });

  test(`${receiveNotifications} refuses a notification without a valid signature`, async () => {
    const stage = await setStage();
    const notified = stage.run(command, receiveNotifications, { PORT: stage.appPort });
    await notified.line((line) => line.startsWith('execution.'));
    const headers = {
      'webhook-id': 'msg_forged',
      'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
      'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')}`,
    };
    const body = '{"type":"execution.completed","data":{"correlationId":"forged","status":"COMPLETED","result":{}}}';
    const answer = await fetch(`http://127.0.0.1:${stage.appPort}/`, { method: 'POST', headers, body });
    expect(answer.status).toBe(400);
    notified.child.kill('SIGKILL');
    expect((await notified.finished).stdout).not.toContain('forged');
  });
}
