// `profile try`: a recording of a tenant is played against a receiver with a profile, and what becomes of each execution is told.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../config/config.ts';
import type { Profile } from '../../cxone/profile/profile.ts';
import { type Log, reasonOf } from '../../lib/log.ts';
import type { World } from '../../lib/world.ts';
import { startReceiver } from '../../receiver.ts';
import {
  type Conversation,
  type Entry,
  type Recording,
  RecordingError,
  readRecording,
} from '../../simulator/recording.ts';
import { createReplay } from '../../simulator/replay.ts';
import { type Action, CommandError, CommandUsage, readFlags } from '../context.ts';
import { differing } from '../doctor/calls.ts';
import { type Check, fail, ok } from '../doctor/check.ts';
import { differences } from '../doctor/differences.ts';
import { type ProfilePlace, placeOf } from '../doctor/profile-place.ts';
import { printLines } from '../print.ts';
import { loaded } from './show.ts';

const FLAGS = { profile: { type: 'string' }, json: { type: 'boolean', default: false } } as const;

/** Time goes so much faster, that nobody waits for polls that are half a minute apart. */
const HASTE = 20;
const PATIENCE_MS = 60_000;
const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const ENDED = ['COMPLETED', 'FAILED'];

export const profileTry: Action = {
  help: `Usage: npm run profile -- try RECORDING [--profile NAME|FILE] [--json]

Plays a recording of a tenant, which a receiver with CXONE_RECORD_DIR has made, against a receiver of its own with a profile:
each recorded execution is submitted again, and has to end as COMPLETED or FAILED by what the tenant said. All of it stays on
this machine, in a database that is removed afterwards; time goes ${HASTE} times as fast. Then it names what in the recorded answers
differs from the profile, and which line to change.

  --profile NAME|FILE   (the one at CXONE_PROFILE, or the built-in one)
  --json                one JSON document instead of lines

Exit code: 0 all of it fits, 1 something does not, 2 it could not be done.

  npm run profile -- try recordings/2026-11-22T16-00-00-000Z-17.har.jsonl --profile tenant.json
`,
  run: async (args, context) => {
    const { values, positionals } = readFlags(args, FLAGS, 1);
    const [file] = positionals;
    if (file === undefined) throw new CommandUsage('Say which recording.');
    const pathOrName = values.profile ?? (context.env()['CXONE_PROFILE']?.trim() || null);
    const profile = loaded(pathOrName);
    const recording = recordingIn(file);
    const outcomes = await playAll(recording, pathOrName, profile, context.world);
    const checks = [...outcomes, ...differencesFrom(recording, profile, placeOf(pathOrName))];
    const fits = checks.every(({ level }) => level !== 'fail');
    const lines = checks.map((check) =>
      check.advice === null ? check : { ...check, message: `${check.message} → ${check.advice}` },
    );
    if (values.json) context.write(`${JSON.stringify({ ok: fits, checks })}\n`);
    else printLines(lines, context);
    return fits ? 0 : 1;
  },
};

function recordingIn(file: string): Recording {
  try {
    return readRecording(readFileSync(file, 'utf8'), file);
  } catch (error) {
    throw new CommandError(
      error instanceof RecordingError ? error.message : `${file} cannot be read: ${reasonOf(error)}`,
    );
  }
}

async function playAll(
  recording: Recording,
  pathOrName: string | null,
  profile: Profile,
  world: World,
): Promise<Check[]> {
  const hasty = hastened(world);
  const replay = createReplay({ recording, world: hasty });
  const folder = mkdtempSync(join(tmpdir(), 'cxone-profile-try-'));
  try {
    const { url } = await replay.listen();
    const key = randomBytes(32).toString('base64url');
    const config = readConfig(environment(profile, pathOrName, { url, key, folder }));
    const fatal = (error: unknown): never => {
      throw error;
    };
    const service = await startReceiver({ config, world: hasty, log: SILENT, fatal, publicUrlFromListener: true });
    try {
      const checks: Check[] = [];
      for (const index of recording.conversations.keys()) checks.push(await play(service.url, key, index));
      return checks;
    } finally {
      await service.stop();
    }
  } finally {
    await replay.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Everything leads to the replay: nothing is sent anywhere else. */
function environment(
  profile: Profile,
  pathOrName: string | null,
  { url, key, folder }: { readonly url: string; readonly key: string; readonly folder: string },
): Record<string, string> {
  const templates = [profile.execute.url, ...(profile.poll === null ? [] : [profile.poll.url])];
  if (templates.some((template) => !template.startsWith('{base}/'))) {
    throw new CommandError('A URL of the profile does not begin with {base}/, so it would not lead to the recording.');
  }
  const { token, discovery } = profile;
  const tokenPath =
    token.kind === 'request' && token.url !== null ? token.url.replace(/^(?:\{\w+\}|https?:\/\/[^/]+)/, '') : null;
  return {
    ...(discovery?.api ? {} : { CXONE_BASE_URL: url }),
    ...(discovery === null ? {} : { CXONE_ISSUER: url, CXONE_TENANT_ID: 'recorded' }),
    ...(tokenPath === null ? {} : { CXONE_TOKEN_URL: `${url}${tokenPath}` }),
    ...{ CXONE_CLIENT_ID: 'recorded', CXONE_CLIENT_SECRET: key, CXONE_TOKEN: key },
    ...{ CXONE_ACCESS_KEY_ID: 'recorded', CXONE_ACCESS_KEY_SECRET: key },
    ...(pathOrName === null ? {} : { CXONE_PROFILE: pathOrName }),
    ...{ PUBLIC_URL: 'http://127.0.0.1', PORT: '0', CALLBACK_SECRET: key, APP_KEYS: `profile:${key}` },
    ...{ DATABASE_PATH: join(folder, 'receiver.db'), GRACE_SECONDS: '5' },
  };
}

async function play(receiver: string, key: string, index: number): Promise<Check> {
  const name = `execution ${index + 1}`;
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', prefer: 'wait=20' };
  const body = JSON.stringify({ actionId: 'recorded', timeoutSeconds: 120 });
  const submitted = await fetch(`${receiver}/v1/executions`, { method: 'POST', headers, body });
  let found = (await submitted.json()) as Found;
  if (found.correlationId === undefined)
    return fail(name, `it was not accepted: ${found.detail}`, 'see /execute in the profile');
  const giveUp = performance.now() + PATIENCE_MS;
  while (isOpen(found) && performance.now() < giveUp) {
    const answer = await fetch(`${receiver}/v1/executions/${found.correlationId}`, { headers });
    found = (await answer.json()) as Found;
  }
  const { status = '', resolvedBy, error } = found;
  if (ENDED.includes(status)) return ok(name, `${status} by ${resolvedBy}`);
  const why = error?.message === undefined ? '' : `: ${error.message}`;
  return fail(name, `${status}${why}`, 'see below what differs; else the recording ends before the execution did');
}

interface Found {
  readonly correlationId?: string;
  readonly status?: string;
  readonly resolvedBy?: string | null;
  readonly error?: { readonly message?: string } | null;
  readonly detail?: string;
}

function isOpen({ status = '' }: Found): boolean {
  return ['QUEUED', 'UNCONFIRMED', 'PENDING'].includes(status);
}

/** Each difference once, however often it was recorded. */
function differencesFrom({ conversations }: Recording, profile: Profile, place: ProfilePlace): Check[] {
  const found = conversations.flatMap((one) => differencesIn(one, profile));
  const once = new Map(found.map((difference) => [`${difference.member} ${difference.message}`, difference]));
  return [...once.values()].map((difference) => differing(difference, place));
}

function differencesIn({ execute, polls, callbacks }: Conversation, profile: Profile) {
  const succeeded = ({ response: { status } }: Entry) => status >= 200 && status <= 299;
  return [
    ...[execute].filter(succeeded).flatMap(({ response }) => differences(profile, 'execute', response.content.text)),
    ...polls.filter(succeeded).flatMap(({ response }) => differences(profile, 'poll', response.content.text)),
    ...callbacks
      .filter(({ request }) => /json/.test(request.postData?.mimeType ?? ''))
      .flatMap(({ request }) => differences(profile, 'callback', request.postData?.text ?? '')),
  ];
}

function hastened(world: World): World {
  const begun = world.now();
  return {
    ...world,
    now: () => begun + (world.now() - begun) * HASTE,
    sleep: (ms, signal) => world.sleep(ms / HASTE, signal),
  };
}
