// `profile try`: replays a recording of a tenant against a receiver with a profile, and reports the outcomes.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../config/config.ts';
import { headerSecrets, type Profile } from '../../cxone/profile/profile.ts';
import { reasonOf, SILENT } from '../../lib/log.ts';
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
import { CommandError, type Declare } from '../context.ts';
import { differing } from '../doctor/calls.ts';
import { type Check, fail, lineOf, ok, warn } from '../doctor/check.ts';
import { differences } from '../doctor/differences.ts';
import { type ProfilePlace, placeOf } from '../doctor/profile-place.ts';
import { jsonOption, withHelp } from '../options.ts';
import { printLines } from '../print.ts';
import { loadOrFail } from './show.ts';

/** Factor by which time runs faster, because polls may be half a minute apart. */
const SPEED = 20;
const TIMEOUT_MS = 60_000;
const ENDED = ['COMPLETED', 'FAILED'];

export const profileTry: Declare = (command, context) =>
  withHelp(command, {
    description: `Replays a recording of a tenant, made by a receiver with CXONE_RECORD_DIR, against a receiver with a profile: each recorded
execution is submitted again and must end as COMPLETED or FAILED by the responses of the tenant, or as REJECTED if its
submission was rejected. Then it lists the differences
between the recorded responses and the profile, with the line to change. Nothing leaves this machine, the database is
temporary, and time runs ${SPEED} times as fast.`,
    exitCodes: '0 everything fits, 1 something does not, 2 the command could not be carried out',
    examples: [
      'npm run -s profile -- try recordings/2026-11-22T16-00-00-000Z-17.har.jsonl',
      'npm run -s profile -- try recordings/2026-11-22T16-00-00-000Z-17.har.jsonl --profile tenant.json',
    ],
  })
    .argument('<recording>', 'the file (*.har.jsonl)')
    .option('--profile <name|file>', 'the profile (default: CXONE_PROFILE, or the built-in profile)')
    .addOption(jsonOption)
    .action(async (file, { profile: given, json }) => {
      const pathOrName = given ?? (context.env()['CXONE_PROFILE']?.trim() || null);
      const profile = loadOrFail(pathOrName);
      const recording = recordingIn(file);
      const outcomes = await playAll(recording, pathOrName, profile, context.world);
      const checks = [...outcomes, ...differencesFrom(recording, profile, placeOf(pathOrName))];
      const fits = checks.every(({ level }) => level !== 'fail');
      if (json) context.write(`${JSON.stringify({ ok: fits, checks })}\n`);
      else printLines(checks.map(lineOf), context);
      if (!fits) context.exitCode = 1;
    });

function recordingIn(file: string): Recording {
  try {
    return readRecording(readFileSync(file, 'utf8'), file);
  } catch (error) {
    throw new CommandError(
      error instanceof RecordingError ? error.message : `${file} cannot be read: ${reasonOf(error)}`,
    );
  }
}

async function playAll(whole: Recording, pathOrName: string | null, profile: Profile, world: World): Promise<Check[]> {
  const fast = acceleratedWorld(world);
  const recording = { ...whole, conversations: whole.conversations.filter(hasOutcome) };
  const replay = createReplay({ recording, world: fast });
  const folder = mkdtempSync(join(tmpdir(), 'cxone-profile-try-'));
  try {
    const { url } = await replay.listen();
    const key = randomBytes(32).toString('base64url');
    const config = readConfig(environment(profile, pathOrName, { url, key, folder }));
    const fatal = (error: unknown): never => {
      throw error;
    };
    const service = await startReceiver({ config, world: fast, log: SILENT, fatal, publicUrlFromListener: true });
    try {
      const checks: Check[] = [];
      for (const [index, conversation] of whole.conversations.entries()) {
        const name = `execution ${index + 1}`;
        checks.push(
          hasOutcome(conversation)
            ? await play(service.url, key, conversation, name)
            : withoutOutcome(conversation, name),
        );
      }
      return checks;
    } finally {
      await service.stop();
    }
  } finally {
    await replay.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Every URL leads to the replay, so nothing is sent elsewhere. */
function environment(
  profile: Profile,
  pathOrName: string | null,
  { url, key, folder }: { readonly url: string; readonly key: string; readonly folder: string },
): Record<string, string> {
  const templates = [profile.execute.url, ...(profile.poll?.url == null ? [] : [profile.poll.url])];
  if (templates.some((template) => !template.startsWith('{base}/'))) {
    throw new CommandError('A URL of the profile does not begin with {base}/, so it cannot lead to the recording.');
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
    ...headerSecretsOf(profile, key),
    CXONE_PRIVATE_KEY: keyFor(token.kind === 'request' ? token.assertion.algorithm : null),
    ...(pathOrName === null ? {} : { CXONE_PROFILE: pathOrName }),
    ...{ PUBLIC_URL: 'http://127.0.0.1', PORT: '0', CALLBACK_SECRET: key, APP_KEYS: `profile:${key}` },
    ...{ DATABASE_PATH: join(folder, 'receiver.db'), GRACE_SECONDS: '5' },
  };
}

/** Returns a new private key that fits an algorithm, in PEM. */
function keyFor(algorithm: string | null): string {
  const curves: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };
  const namedCurve = curves[algorithm ?? ''];
  const { privateKey } =
    namedCurve === undefined
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve });
  const key = algorithm === 'EdDSA' ? generateKeyPairSync('ed25519').privateKey : privateKey;
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** The recording has no values of headers: any secret will do. */
function headerSecretsOf(profile: Profile, key: string): Record<string, string> {
  const listed = headerSecrets(profile).map((name, index) => `${name}:${key}${index}`);
  return listed.length === 0 ? {} : { CXONE_SECRETS: listed.join(',') };
}

async function play(receiver: string, key: string, conversation: Conversation, name: string): Promise<Check> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', prefer: 'wait=20' };
  const { actionId, executes } = conversation;
  const body = JSON.stringify({
    actionId: actionId ?? 'recorded',
    timeoutSeconds: 120,
    retryUncertain: executes.length > 1,
  });
  const submitted = await fetch(`${receiver}/v1/executions`, { method: 'POST', headers, body });
  let found = (await submitted.json()) as Found;
  if (found.correlationId === undefined)
    return fail(name, `not accepted: ${found.detail}`, 'see /execute in the profile');
  const giveUp = performance.now() + TIMEOUT_MS;
  while (isOpen(found) && performance.now() < giveUp) {
    const answer = await fetch(`${receiver}/v1/executions/${found.correlationId}`, { headers });
    found = (await answer.json()) as Found;
  }
  return compared(found, conversation, name);
}

function compared({ status = '', resolvedBy, error }: Found, conversation: Conversation, name: string): Check {
  const why = error?.message === undefined ? '' : `: ${error.message}`;
  const rejection = rejectionOf(conversation);
  if (rejection !== null) {
    const again = `rejected again with ${rejection}, as recorded`;
    // promise: recorded-rejection-is-success
    if (status === 'REJECTED' && error?.code === rejection) return ok(name, `REJECTED by ${resolvedBy}: ${again}`);
    return fail(
      name,
      `${status}${why}; the recorded submission was rejected with ${rejection}`,
      'see /execute in the profile',
    );
  }
  if (ENDED.includes(status)) return ok(name, `${status} by ${resolvedBy}`);
  return fail(
    name,
    `${status}${why}`,
    'see the differences below; if there are none, the recording ends before the execution',
  );
}

/** Statuses with which a submission was not processed, or perhaps was: they do not reject it. */
const NOT_REJECTED: readonly number[] = [401, 408, 425, 429];

/** Returns the status with which CXone rejected the submission; null if it did not. */
function rejectionOf({ executes }: Conversation): number | null {
  const status = lastStatus(executes);
  return status >= 400 && status <= 499 && !NOT_REJECTED.includes(status) ? status : null;
}

/** Whether the recording has an outcome: a rejection, an acceptance or a callback. */
function hasOutcome(conversation: Conversation): boolean {
  const status = lastStatus(conversation.executes);
  const isAccepted = status >= 200 && status <= 299;
  return isAccepted || conversation.callbacks.length > 0 || rejectionOf(conversation) !== null;
}

function withoutOutcome({ executes }: Conversation, name: string): Check {
  const message = `not tried: the recording ends before an outcome, with a ${lastStatus(executes)} to the submission`;
  return warn(name, message, 'record until the execution has ended');
}

function lastStatus(executes: Conversation['executes']): number {
  return (executes.at(-1) ?? executes[0]).response.status;
}

interface Found {
  readonly correlationId?: string;
  readonly status?: string;
  readonly resolvedBy?: string | null;
  readonly error?: { readonly code?: unknown; readonly message?: string } | null;
  readonly detail?: string;
}

function isOpen({ status = '' }: Found): boolean {
  return ['QUEUED', 'UNCONFIRMED', 'PENDING'].includes(status);
}

/** Returns each difference once. */
function differencesFrom({ conversations }: Recording, profile: Profile, place: ProfilePlace): Check[] {
  const found = conversations.flatMap((conversation) => differencesIn(conversation, profile));
  const once = new Map(found.map((difference) => [`${difference.member} ${difference.message}`, difference]));
  return [...once.values()].map((difference) => differing(difference, place));
}

function differencesIn({ executes, polls, callbacks }: Conversation, profile: Profile) {
  const succeeded = ({ response: { status } }: Entry) => status >= 200 && status <= 299;
  return [
    ...executes.filter(succeeded).flatMap(({ response }) => differences(profile, 'execute', response.content.text)),
    ...polls.filter(succeeded).flatMap(({ response }) => differences(profile, 'poll', response.content.text)),
    ...callbacks
      .filter(({ request }) => /json/.test(request.postData?.mimeType ?? ''))
      .flatMap(({ request }) => differences(profile, 'callback', request.postData?.text ?? '')),
  ];
}

function acceleratedWorld(world: World): World {
  const begunAt = world.now();
  const begun = world.elapsed();
  const elapsed = () => begun + (world.elapsed() - begun) * SPEED;
  return {
    ...world,
    now: () => begunAt + Math.round(elapsed() - begun),
    elapsed,
    sleep: (ms, signal) => world.sleep(ms / SPEED, signal),
  };
}
