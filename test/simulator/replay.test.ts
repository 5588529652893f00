// A replay of a recording leads to the same outcomes as the recorded tenant.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadProfile } from '../../src/cxone/profile/profile.ts';
import { readRecording } from '../../src/simulator/recording.ts';
import { createReplay } from '../../src/simulator/replay.ts';
import { command } from '../cli/harness.ts';
import { type Stage, setStage } from '../stories/stage.ts';
import { temporaryFolder } from '../support/temporary.ts';

function recordingIn(folder: string): { path: string; text: string } {
  const path = join(folder, readdirSync(folder)[0] ?? '');
  return { path, text: readFileSync(path, 'utf8') };
}

/** The events of an execution, and the shape of its result. */
async function outcomeOf(stage: Stage, correlationId: string) {
  const { status, resolvedBy, executionId, result } = await stage.get(correlationId);
  return { status, resolvedBy, executionId, hasResult: result !== null };
}

async function recorded(fates: readonly string[], more: object = {}, env: Record<string, string> = {}) {
  const folder = temporaryFolder();
  const stage = await setStage({ ...env, CXONE_RECORD_DIR: folder });
  const outcomes: Awaited<ReturnType<typeof outcomeOf>>[] = [];
  for (const fate of fates) {
    const id = await stage.submit(
      { fate, runMs: 3_000 },
      { graceSeconds: 5, inputs: { name: 'Ada Lovelace', simulate: { fate, runMs: 3_000 } }, actionId: fate, ...more },
    );
    await stage.until(async () => {
      await stage.pass(1_000);
      return !['QUEUED', 'UNCONFIRMED', 'PENDING'].includes((await stage.get(id)).status);
    });
    outcomes.push(await outcomeOf(stage, id));
  }
  await Promise.all([stage.stop(), stage.pass(20_000, 5_000)]);
  return { outcomes, ...recordingIn(folder) };
}

async function replaying(text: string, env: Record<string, string> = {}) {
  const stage = await setStage(env);
  const replay = createReplay({ recording: readRecording(text), world: stage.world });
  onTestFinished(() => replay.close());
  const { url } = await replay.listen();
  await stage.restart({ ...env, CXONE_BASE_URL: url });
  return stage;
}

/** Submits an execution of each action and returns the outcomes. */
async function played(stage: Stage, actionIds: readonly string[]) {
  const outcomes: Awaited<ReturnType<typeof outcomeOf>>[] = [];
  for (const actionId of actionIds) {
    const { body } = await stage.request('POST', '/v1/executions', { body: { actionId, graceSeconds: 5 } });
    await stage.until(async () => {
      await stage.pass(1_000);
      return !['QUEUED', 'UNCONFIRMED', 'PENDING'].includes((await stage.get(body.correlationId)).status);
    });
    outcomes.push(await outcomeOf(stage, body.correlationId));
  }
  return outcomes;
}

describe('a recording', () => {
  test('gives each action its own recorded responses, in any order of submissions', async () => {
    const { outcomes, text } = await recorded(['callback', 'callback-failed', 'refused-403']);
    expect(outcomes.map(({ status }) => status)).toEqual(['COMPLETED', 'FAILED', 'REJECTED']);
    const stage = await replaying(text);
    expect(await played(stage, ['refused-403', 'callback-failed', 'callback'])).toEqual(outcomes.toReversed());
    const again = await played(stage, ['callback-failed', 'refused-403']);
    expect(again.map(({ status }) => status)).toEqual(['FAILED', 'REJECTED']);
  });

  test('repeats the rejections before an acceptance to one execution', async () => {
    const { text } = await recorded(['unavailable-once', 'refused-422']);
    const { conversations } = readRecording(text);
    const statuses = conversations.map(({ executes }) => executes.map(({ response }) => response.status));
    expect(statuses).toEqual([[503, 200], [422]]);
    const stage = await replaying(text);
    const outcomes = await played(stage, ['unavailable-once', 'refused-422']);
    expect(outcomes.map(({ status }) => status)).toEqual(['COMPLETED', 'REJECTED']);
  });

  test('replays the action that a body names', async () => {
    const folder = temporaryFolder();
    const profile = JSON.parse(JSON.stringify(loadProfile(null)));
    profile.execute.url = '{base}/api/v2/dx/actions/any/execute';
    profile.execute.body.actionId = '/context/actionName';
    const path = join(folder, 'tenant.json');
    writeFileSync(path, JSON.stringify(profile));
    const env = { CXONE_PROFILE: path };
    const { text } = await recorded(['callback', 'callback-failed'], {}, env);
    expect(readRecording(text).conversations.map(({ actionId }) => actionId)).toEqual(['callback', 'callback-failed']);
    const stage = await replaying(text, env);
    const outcomes = await played(stage, ['callback-failed', 'callback']);
    expect(outcomes.map(({ status }) => status)).toEqual(['FAILED', 'COMPLETED']);
  });

  test('leads the receiver to the same outcomes again: by callback, by poll, failed', async () => {
    const { outcomes, text } = await recorded(['callback', 'lost-callback', 'callback-failed']);
    expect(outcomes.map(({ status, resolvedBy }) => [status, resolvedBy])).toEqual([
      ['COMPLETED', 'callback'],
      ['COMPLETED', 'poll'],
      ['FAILED', 'callback'],
    ]);
    expect(text).not.toContain('Lovelace');
    expect(text).not.toContain('simulator-secret');

    const stage = await replaying(text);
    for (const outcome of outcomes) {
      const id = (await stage.request('POST', '/v1/executions', { body: { actionId: 'any', graceSeconds: 5 } })).body
        .correlationId;
      await stage.until(async () => {
        await stage.pass(1_000);
        return !['QUEUED', 'UNCONFIRMED', 'PENDING'].includes((await stage.get(id)).status);
      });
      expect(await outcomeOf(stage, id)).toEqual(outcome);
    }
  });

  test('can be replayed any number of times, each time with another id', async () => {
    const { text } = await recorded(['lost-callback']);
    const stage = await replaying(text);
    const ids = new Set<string>();
    for (let round = 0; round < 3; round += 1) {
      const { body } = await stage.request('POST', '/v1/executions', { body: { actionId: 'any', graceSeconds: 0 } });
      await stage.until(async () => {
        await stage.pass(1_000);
        return (await stage.get(body.correlationId)).status === 'COMPLETED';
      });
      ids.add((await stage.get(body.correlationId)).executionId);
    }
    expect(ids.size).toBe(3);
  });

  test('may also be one archive made of its lines', async () => {
    const { text } = await recorded(['callback']);
    const entries = text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
    const archive = JSON.stringify({ log: { version: '1.2', creator: { name: 'test', version: '1' }, entries } });
    expect(readRecording(archive)).toEqual(readRecording(text));
  });
});

test.for([
  ['an empty file', '', /has no execution with a response/],
  ['a text that is not JSON', 'hello\n', /line 1 is not JSON/],
  [
    'an archive of something else',
    '{"log":{"entries":[{"startedDateTime":"2026-11-22T16:00:00.000Z"}]}}',
    /entry 1: request/,
  ],
] as const)('%s is refused with its place and the reason', ([, text, message]) => {
  expect(() => readRecording(text)).toThrow(message);
});

test('npm run simulator -- --replay FILE replays it, and names a file that cannot be replayed', async () => {
  const { path } = await recorded(['callback']);
  const stop = new AbortController();
  let said = '';
  const around = {
    write: (text: string) => {
      said += text;
    },
    interrupted: () => stop.signal,
  };
  const over = command(['simulator', '--port', '0', '--replay', path], {}, false, around);
  await Promise.race([over, expect.poll(() => said).toContain('Replays 1 recorded execution on')]);
  const [url = ''] = /http:\S+/.exec(said) ?? [];
  const response = await fetch(`${url}/api/v2/oauth/token`, { method: 'POST', body: 'grant_type=client_credentials' });
  expect(await response.json()).toMatchObject({ access_token: 'text', token_type: 'Bearer' });
  expect((await fetch(`${url}/nowhere`)).status).toBe(404);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  expect(await (await fetch(`${url}/simulator/stats`)).json()).toMatchObject({ answers: { other: { '200': 1 } } });
  stop.abort();
  await over;

  const broken = join(temporaryFolder(), 'broken.jsonl');
  writeFileSync(broken, '{"_call":"poll"}\n');
  for (const [file, reason] of [
    [broken, 'line 1'],
    [join(temporaryFolder(), 'none'), 'ENOENT'],
  ] as const) {
    const { code, err } = await command(['simulator', '--replay', file]);
    expect(code).toBe(2);
    expect(err).toContain(reason);
  }
});
