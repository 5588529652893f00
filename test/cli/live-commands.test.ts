// The commands that change something: they ask the running receiver, as somebody, and say what it answered.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../src/lib/free-port.ts';
import { ALICE_KEY, BILLING_KEY, dispatchAll, type Harness, ORDERS_KEY, startHttp } from '../http/harness.ts';
import { callback, completed } from '../support/executions.ts';
import { createPausedControl } from '../support/pause.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { command, type Ran } from './harness.ts';

interface Scene {
  readonly receiver: Harness;
  ask(line: string | readonly string[], env?: Record<string, string>): Promise<Ran>;
}

async function scene(parts: Parameters<typeof startHttp>[0] = {}): Promise<Scene> {
  const receiver = await startHttp({ queueCapacity: 100, ...parts });
  onTestFinished(() => receiver[Symbol.asyncDispose]());
  const variables = {
    RECEIVER_URL: receiver.url,
    APP_KEYS: `orders:${ORDERS_KEY},billing:${BILLING_KEY}`,
    OPERATOR_KEYS: `alice:${ALICE_KEY}`,
  };
  return { receiver, ask: (line, env = {}) => command(line, { ...variables, ...env }) };
}

test('pause: shows who caused a pause with 1, and lifts it', async () => {
  const { ask } = await scene({ controls: createPausedControl() });
  expect(await ask('pause')).toMatchObject({
    code: 1,
    out: expect.stringContaining('CXone answered 429 to the execute request of order-1 (action charge-card, app shop)'),
  });
  expect(await ask('pause --lift')).toMatchObject({
    code: 0,
    out: expect.stringContaining('Lifted. CXone answered 429'),
  });
  expect(await ask('pause')).toMatchObject({ code: 0, out: 'Requests to CXone are sent.\n' });
  expect(await ask('pause --lift --json')).toMatchObject({ code: 0, out: '{"lifted":null}\n' });
});

test('endpoints: lists what waits, shows one with its notifications, and probes, pauses and resumes it', async () => {
  const { ask, receiver } = await scene();
  expect(await ask('endpoints list')).toMatchObject({
    code: 0,
    out: '',
    err: 'Nothing waits for an endpoint, and none is paused.\n',
  });
  await receiver.submit({ correlationId: 'order-1', notifyUrl: 'https://hooks.example/executions' });
  await ask('executions cancel order-1');
  expect((await ask('endpoints list')).out).toMatch(/orders +https:\/\/hooks\.example +1 +well/);
  expect(await ask('endpoints pause orders https://hooks.example --reason maintenance')).toMatchObject({
    code: 0,
    out: 'https://hooks.example of orders is paused; 1 notification waits.\n',
  });
  const { out } = await ask('endpoints show orders https://hooks.example');
  expect(out).toMatch(/https:\/\/hooks\.example +1 +paused .*by alice: maintenance/);
  expect(out).toMatch(/PENDING +0 +- +- +order-1/);
  expect((await ask('endpoints probe orders https://hooks.example --json')).code).toBe(0);
  expect((await ask('endpoints resume orders https://hooks.example')).out).toContain('is not paused; 1 notification');
  expect(await ask('endpoints pause unknown https://hooks.example')).toMatchObject({ code: 1 });
  expect(await ask('endpoints show orders not-an-origin')).toMatchObject({ code: 1 });
});

test('incidents: lists the worst first with 1 while one lasts, and acknowledges one', async () => {
  const { ask, receiver } = await scene();
  expect(await ask('incidents')).toMatchObject({ code: 0, out: '', err: 'There is no incident.\n' });
  const times = { startedAt: Date.UTC(2026, 0, 31), lastSeenAt: Date.UTC(2026, 0, 31), endedAt: null };
  const about = { cause: 'CxoneFails', subject: '', problem: 'CXone answers 503', affected: 186, total: 186 } as const;
  const rest = { actions: ['charge'], apps: ['orders'], acknowledgedAt: null, acknowledgedBy: null };
  const incidents = [{ id: 'incident-1', ...about, ...times, ...rest }];
  await receiver.store.saveIncidents({ incidents, events: [], references: [] }, null);
  const listed = await ask('incidents');
  expect(listed.code).toBe(1);
  expect(listed.out).toMatch(
    /critical +open +2026-01-31 00:00:00Z .*186 of 186 +charge .*CxoneFails .*CXone answers 503/,
  );
  expect(await ask('incidents --acknowledge incident-1')).toMatchObject({
    code: 0,
    out: 'alice looks after it: CXone answers 503.\n',
  });
  expect((await ask('incidents --state open')).code).toBe(0);
});

test('incidents: a line names the first of many actions, and the JSON names all', async () => {
  const { ask, receiver } = await scene();
  const times = { startedAt: Date.UTC(2026, 0, 31), lastSeenAt: Date.UTC(2026, 0, 31), endedAt: null };
  const about = { cause: 'ExecutionsTimeOut', subject: '', problem: 'Executions end without a result' } as const;
  const actions = Array.from({ length: 46 }, (_, index) => `action-${index}`);
  const rest = { affected: 1_255, total: 2_333, apps: ['orders'], acknowledgedAt: null, acknowledgedBy: null };
  const incidents = [{ id: 'incident-1', ...about, ...times, ...rest, actions }];
  await receiver.store.saveIncidents({ incidents, events: [], references: [] }, null);
  const { out } = await ask('incidents');
  expect(out).toMatch(/ 1,255 of 2,333 +action-0, action-1, action-2 and 43 more +- +ExecutionsTimeOut /);
  expect(JSON.parse((await ask('incidents --json')).out).items[0].actions).toEqual(actions);
});

test('pause and resume: of an action, an app or all, with the reason; the exit code states whether something is paused', async () => {
  const { receiver, ask } = await scene();
  await receiver.submit({ correlationId: 'one' });
  expect(await ask(['pause', '--action', 'charge-card', '--reason', 'ticket 4711'])).toMatchObject({
    code: 0,
    out: 'Sending of action charge-card is paused by operator:alice since 2026-01-01T00:00:00.000Z (ticket 4711): 1 execution in the queue.\n',
  });
  expect(await ask('pause --app orders --json')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^\{.*"app":"orders"/),
  });
  expect(await ask('pause --all')).toMatchObject({
    code: 0,
    out: expect.stringContaining('Sending of all executions'),
  });
  const shown = await ask('pause');
  expect([shown.code, shown.out.split('\n').length]).toEqual([1, 4]);
  const { out } = await ask('pause --json');
  expect(JSON.parse(out)).toMatchObject({ pause: null, pauses: [{ actionId: 'charge-card' }, { app: 'orders' }, {}] });
  expect(await ask('resume --action charge-card')).toMatchObject({
    code: 0,
    out: 'Sending of action charge-card is resumed: 1 execution in the queue.\n',
  });
  expect(await ask('resume --action charge-card')).toMatchObject({ code: 1, out: 'There was no such pause.\n' });
  for (const line of ['resume --app orders', 'resume --all']) expect((await ask(line)).code).toBe(0);
  expect(await ask('pause')).toMatchObject({ code: 0, out: 'Requests to CXone are sent.\n' });
});

test.for([
  ['resume', 2, 'Name one of --action, --app and --all.'],
  ['pause --action a --app orders', 2, 'Name one of --action, --app and --all.'],
  ['pause --reason x', 2, '--reason requires a scope.'],
  ['pause --all --lift', 2, '--lift ends what CXone has caused: leave out the scope.'],
  ['pause --app shopp', 1, 'is not an app of APP_KEYS'],
] as const)('%s is refused in words', async ([line, code, err]) => {
  const { receiver, ask } = await scene();
  expect(await ask(line)).toMatchObject({ code, err: expect.stringContaining(err) });
  expect(await receiver.store.sendingPauses()).toEqual([]);
});

test('executions resubmit: only with the choice, once, and linked', async () => {
  const { receiver, ask } = await scene();
  await receiver.submit({ correlationId: 'old' });
  await dispatchAll(receiver);
  await receiver.call('POST', '/v1/executions/old/cancel');
  expect(await ask('executions resubmit old')).toMatchObject({
    code: 2,
    err: expect.stringContaining('old may have run at CXone and would then run twice'),
  });
  const done = await ask(['executions', 'resubmit', 'old', '--may-run-twice', '--reason', 'ticket 1']);
  const { resubmittedAs } = (await receiver.store.find('old')) ?? {};
  expect(done).toMatchObject({ code: 0, out: `old is submitted again as ${resubmittedAs}, which is QUEUED.\n` });
  const again = await ask('executions resubmit old --may-run-twice --json');
  expect(JSON.parse(again.out)).toMatchObject({ correlationId: resubmittedAs, resubmissionOf: 'old' });
  expect(await ask(`executions resubmit ${resubmittedAs} --may-run-twice`)).toMatchObject({
    code: 1,
    err: expect.stringContaining('It has not ended: it is QUEUED'),
  });
});

describe('executions submit', () => {
  test('submits as the app that is named, with all that is said', async () => {
    const { receiver, ask } = await scene();
    const inputs = join(temporaryFolder(), 'inputs.json');
    writeFileSync(inputs, '{"amount":12345678901234567890}');
    const line = `executions submit charge --app billing --inputs @${inputs} --id order-1 --timeout 60 --grace 0 --priority 9 --json`;
    const { code, out, err } = await ask(line);
    expect([code, err]).toEqual([0, '']);
    expect(JSON.parse(out)).toMatchObject({ correlationId: 'order-1', status: 'QUEUED', app: 'billing' });
    expect(await receiver.store.find('order-1')).toMatchObject({ timeoutSeconds: 60, graceSeconds: 0, priority: 9 });
    const [sent] = await receiver.store.claimDispatches(1, receiver.world.now());
    expect(JSON.stringify(sent?.inputs)).toBe('{"amount":12345678901234567890}');
  });

  test('--wait ends with 0 once it is COMPLETED', async () => {
    const { receiver, ask } = await scene();
    const waited = ask('executions submit charge --app orders --id order-1 --wait 50');
    const find = () => receiver.store.find('order-1');
    while ((await find()) === undefined) await new Promise(setImmediate);
    await dispatchAll(receiver);
    const { reference = '' } = (await find()) ?? {};
    await receiver.store.record(reference, callback(completed()), receiver.world.now());
    expect(await waited).toMatchObject({ code: 0, out: expect.stringMatching(/^status +COMPLETED$/m) });
  });

  test('--wait ends with 1 when it ended otherwise', async () => {
    const { receiver, ask } = await scene();
    const waited = ask('executions submit charge --app orders --id order-1 --wait 50');
    while ((await receiver.store.find('order-1')) === undefined) await new Promise(setImmediate);
    await receiver.call('POST', '/v1/executions/order-1/cancel');
    expect(await waited).toMatchObject({ code: 1, out: expect.stringMatching(/^status +CANCELLED$/m) });
  });

  test('a refusal of the receiver is printed in its words, with exit code 1', async () => {
    const { ask } = await scene();
    const { code, err } = await ask('executions submit charge --app orders --priority 10');
    expect([code, err]).toEqual([1, expect.stringContaining('#/priority')]);
  });

  test.each([
    ['executions submit', /missing required argument 'action'/],
    ['executions submit charge', /Name the app with --app: orders, billing/],
    ['executions submit charge --app order', /"order" is not in APP_KEYS, which has orders, billing/],
    ['executions submit charge --app orders --inputs [1]', /--inputs: it is not a JSON object/],
    ['executions submit charge --app orders --inputs @nothing.json', /the file nothing.json does not exist/],
  ])('%s: is not sent', async (line, message) => {
    const { receiver, ask } = await scene();
    const { code, err } = await ask(line);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
    expect((await receiver.store.list({ app: null, limit: 1 })).items).toEqual([]);
  });
});

describe('executions poll and cancel', () => {
  test('one, as the operator whose key it is', async () => {
    const { receiver, ask } = await scene();
    await receiver.submit({ correlationId: 'order-1' });
    await dispatchAll(receiver);
    expect(await ask('executions poll order-1')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^status +PENDING$/m),
    });
    const cancelled = await ask('executions cancel order-1 --json');
    expect(JSON.parse(cancelled.out)).toMatchObject({ status: 'CANCELLED' });
    const trail = await receiver.store.trail('order-1');
    expect(trail.slice(-2)).toMatchObject([
      { event: 'POLL_REQUESTED', detail: { by: 'operator:alice' } },
      { event: 'CANCELLED', detail: { by: 'operator:alice' } },
    ]);
  });

  test('all that match, and no others', async () => {
    const { receiver, ask } = await scene();
    await receiver.submit({ correlationId: 'order-1' });
    await receiver.submit({ correlationId: 'order-2', actionId: 'other' });
    const { code, out, err } = await ask('executions cancel --all --action other --json');
    expect(err).toBe('');
    expect([code, JSON.parse(out)]).toEqual([0, { matched: 1, done: 1 }]);
    expect(await receiver.store.find('order-1')).toMatchObject({ status: 'QUEUED' });
    expect((await ask('executions cancel --all')).out).toBe('1 of 1 open execution was cancelled\n');
  });

  test.each([
    ['executions poll order-none', 1, /^Not found/],
    ['executions poll', 2, /Name one execution, or select several with --all/],
    ['executions poll order-1 --all', 2, /Name one execution, or select several with --all/],
    ['executions cancel --status QUEUED', 2, /select several with --all/],
    ['executions cancel --all --status COMPLETED', 1, /#\/status/],
  ])('%s: ends with %i', async (line, code, message) => {
    const { ask } = await scene();
    expect(await ask(line)).toMatchObject({ code, err: expect.stringMatching(message) });
  });
});

describe('notifications replay', () => {
  test('one that is not there ends with 1, all of none with 0', async () => {
    const { ask } = await scene();
    const none = 'msg_019a8f3e-0000-7000-8000-000000000000_ended';
    expect(await ask(`notifications replay ${none}`)).toMatchObject({ code: 1, out: '' });
    expect(await ask('notifications replay --all --app orders --type timeout --from 24h')).toMatchObject({
      code: 0,
      out: '0 notifications are sent again\n',
    });
    expect(await ask('notifications replay --all --status PENDING')).toMatchObject({ code: 2 });
    expect(await ask('notifications replay')).toMatchObject({ code: 2 });
  });
});

describe('when nothing can be asked', () => {
  test('a receiver that is not running is reported at once, with exit code 2', async () => {
    const port = await freePort();
    const { code, err } = await command('executions poll order-1', {
      PORT: String(port),
      OPERATOR_KEYS: `alice:${ALICE_KEY}`,
    });
    expect(code).toBe(2);
    expect(err).toContain(
      `The receiver sent no response: the connection failed (ECONNREFUSED). Is it running at http://127.0.0.1:${port} (RECEIVER_URL)?`,
    );
  });

  test('a key that is wrong, and one that is missing, end with 2 and are not repeated', async () => {
    const { ask } = await scene();
    const wrong = await ask('executions poll order-1', { RECEIVER_KEY: 'no-such-key-0123456789' });
    expect(wrong).toMatchObject({ code: 2, out: '' });
    expect(wrong.err).not.toContain('no-such-key');
    const missing = await ask('executions poll order-1', { OPERATOR_KEYS: '' });
    expect(missing).toMatchObject({ code: 2, err: expect.stringContaining('RECEIVER_KEY') });
  });

  test.each([
    [{ PORT: '0' }, /set RECEIVER_URL/],
    [{ RECEIVER_URL: 'ftp://receiver' }, /^RECEIVER_URL must be/],
    [{ RECEIVER_URL: '', HOST: '::', PORT: '1' }, /http:\/\/\[::1\]:1/],
  ])('%j: says what to set', async (variables, message) => {
    const env = { OPERATOR_KEYS: `alice:${ALICE_KEY}`, ...variables };
    const { code, err } = await command('executions cancel order-1', env as unknown as Record<string, string>);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
  });
});

describe('executions erase, hold and release', () => {
  const reason = ['--reason', 'Art. 17 GDPR, request 4711'];

  async function ended(receiver: Harness, correlationId: string) {
    await receiver.submit({ correlationId, inputs: { who: 'Ada' } });
    await receiver.call('POST', `/v1/executions/${correlationId}/cancel`);
  }

  test('erases one execution once it has ended and is not held, and names what may still hold its content', async () => {
    const { receiver, ask } = await scene();
    await receiver.submit({ correlationId: 'one', inputs: { who: 'Ada' } });
    const erase = () => ask(['executions', 'erase', 'one', ...reason]);
    expect(await erase()).toMatchObject({ code: 1, err: expect.stringContaining('Cancel it first') });
    await ask('executions cancel one');
    expect(await ask(['executions', 'hold', 'one', ...reason])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^one is held since 20/),
    });
    expect(await erase()).toMatchObject({ code: 1, err: expect.stringContaining('Release it first') });
    expect((await ask(['executions', 'release', 'one', ...reason])).out).toBe('one is not held.\n');
    const { code, out } = await erase();
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/^The content of one is erased\.\nmay still hold it: \/exports\//),
    ]);
    const trail = await receiver.store.trail('one');
    expect(trail.at(-1)).toMatchObject({ event: 'ERASED', detail: { by: 'operator:alice', reason: reason[1] } });
    expect(await receiver.store.payloads('one')).toMatchObject({ inputs: {}, context: {} });
  });

  test('erases all that match after the count is confirmed', async () => {
    const { receiver, ask } = await scene();
    for (const id of ['one', 'two', 'three']) await ended(receiver, id);
    await receiver.submit({ correlationId: 'four', inputs: { who: 'Ada' } });
    const erase = (...more: string[]) => ask(['executions', 'erase', '--all', '--text', 'ada', ...reason, ...more]);
    const counted = await erase();
    expect(counted.out).toMatch(/^3 executions would be erased; 1 open and 0 held ones match and stay as they are\.\n/);
    expect(counted.err).toContain('--confirm 3');
    expect(await receiver.store.payloads('one')).toMatchObject({ inputs: { who: 'Ada' } });
    expect(await erase('--confirm', '2')).toMatchObject({ code: 1, err: expect.stringContaining('3 match now') });
    expect(JSON.parse((await erase('--confirm', '3', '--json')).out)).toMatchObject({ matched: 3, erased: 3, open: 1 });
    expect(await receiver.store.payloads('one')).toMatchObject({ inputs: {} });
    expect(await receiver.store.payloads('four')).toMatchObject({ inputs: { who: 'Ada' } });
  });

  test('need a reason, and one execution or --all', async () => {
    const { ask } = await scene();
    for (const line of ['executions erase one', 'executions hold one', 'executions release one']) {
      expect(await ask(line)).toMatchObject({ code: 2, err: expect.stringContaining('--reason') });
    }
    const wrong = [[], ['one', '--all'], ['one', '--confirm', '1'], ['one', '--text', 'ada']];
    for (const more of wrong) expect((await ask(['executions', 'erase', ...more, ...reason])).code).toBe(2);
    expect((await ask(['executions', 'erase', '--all', ...reason])).code).toBe(1);
  });
});
