// Whether each call of the profile meets what it expects: a poll for an execution that cannot exist, and, only where somebody
// asks for it, an action that truly runs. An execute is never tried: no request to it is certain to be harmless.

import type { CxoneClient } from '../../cxone/client.ts';
import type { Profile } from '../../cxone/profile/profile.ts';
import { matchCall } from '../../cxone/recording/match-call.ts';
import type { RecordedExchange } from '../../cxone/recording/tap.ts';
import { redirectTarget } from '../../cxone/redirect-target.ts';
import { DEFAULT_PRIORITY, type Dispatchable, newExecution } from '../../execution/execution.ts';
import type { JsonObject } from '../../execution/json.ts';
import type { World } from '../../lib/world.ts';
import { type Check, fail, ok, warn } from './check.ts';
import { type Difference, differences, kindOf } from './differences.ts';
import type { ProfilePlace } from './profile-place.ts';

export interface Calls {
  readonly cxone: CxoneClient;
  readonly profile: Profile;
  readonly place: ProfilePlace;
  /** What went over the wire so far. */
  readonly seen: readonly RecordedExchange[];
  readonly world: World;
}

/** An action that somebody wants to run for real. */
export interface Trial {
  readonly actionId: string;
  readonly inputs: JsonObject;
  /** Where CXone would call back. */
  readonly callbackUrl: string;
  readonly pollIntervalMs: number;
}

/** How long a trial may run. */
const TRIAL_MS = 60_000;
const NOWHERE = 'doctor-probe';

export async function checkPoll(calls: Calls): Promise<Check[]> {
  const { cxone, profile, world } = calls;
  if (profile.poll === null)
    return [ok('poll', `the profile "${profile.name}" polls nothing: only callbacks end executions`)];
  const id = `doctor-${world.id(world.now())}`;
  const answer = await cxone.poll({ ...anExecution(NOWHERE, {}, world), executionId: id });
  const seen = lastOf(calls, 'poll');
  if (seen?.answer == null)
    return [fail('poll', `it gets no answer: ${answer.type === 'polled' ? '' : answer.message}`, NETWORK)];
  return onPoll(calls, seen);
}

const NETWORK = 'check the way there (DNS, proxy, firewall)';

function onPoll(calls: Calls, seen: RecordedExchange): Check[] {
  const { profile, place } = calls;
  const text = textOf(seen);
  const status = seen.answer?.status ?? 0;
  const answered = `for an execution that cannot exist it is answered ${status}`;
  const pathAdvice = `correct the path at ${place.of('/poll/url')}, or the base URL`;
  if (status >= 200 && status <= 299) {
    const found = differences(profile, 'poll', text);
    return found.length > 0 ? found.map((one) => differing(one, place)) : [ok('poll', `${answered}, with a status`)];
  }
  if (status >= 300 && status <= 399) {
    const location = seen.answer?.headers.get('location') ?? null;
    const target = redirectTarget({ httpStatus: status, location }, seen.url, []) || 'an address that it does not name';
    return [fail('poll', `${answered}, a redirect to ${target}`, 'redirects are not followed: correct the base URL')];
  }
  switch (status) {
    case 404:
      return [
        isPage(text)
          ? warn('poll', `${answered} with a page of HTML, as if there were nothing at this path`, pathAdvice)
          : ok('poll', `${answered}, as is right`),
      ];
    case 400:
    case 422:
      return [
        warn('poll', `${answered}: ids look different there`, 'see a real one: --action ID, or CXONE_RECORD_DIR'),
      ];
    case 401:
      return [
        fail(
          'poll',
          `${answered}: the token is not taken`,
          `repeat the check in a minute: a new token may be valid only later, and another program with this client may revoke it; if it stays so, is it one for this API? see ${place.of('/token')}`,
        ),
      ];
    case 408:
      return [warn('poll', `${answered}: a gateway gave up while it received the request`, 'look for a slow proxy')];
    case 425:
      return [warn('poll', `${answered} (too early)`, 'switch early data (TLS 0-RTT) off in the proxy on the way')];
    case 429:
      return [
        warn(
          'poll',
          `${answered}: the rate limit is reached`,
          'lower RATE_LIMIT_PER_SECOND, and look for other programs with the same client',
        ),
      ];
    case 403:
      return [fail('poll', answered, 'grant the client the scopes to read executions (dx:actions:read) in CXone')];
    case 405:
      return [fail('poll', answered, pathAdvice)];
    default:
      return [warn('poll', answered, 'it may pass: try again later')];
  }
}

/** Runs the action, once, and follows it for a minute. */
export async function tryAction(calls: Calls, trial: Trial): Promise<Check[]> {
  const { cxone, world, profile, place } = calls;
  const execution = anExecution(trial.actionId, trial.inputs, world);
  const submitted = await cxone.execute(execution, trial.callbackUrl);
  if (submitted.type !== 'submitted') {
    return [fail('execute', submitted.message, `see ${place.of('/execute')}; 403 is for lack of the scope to execute`)];
  }
  const { executionId, report } = submitted;
  const differ = differences(profile, 'execute', textOf(lastOf(calls, 'execute')));
  const name = executionId === null ? 'without an id' : `as ${executionId}`;
  const checks = [
    ok('execute', `${trial.actionId} was accepted ${name}; the callback of it is for no execution and gets 404`),
    ...differ.map((one) => differing(one, place)),
  ];
  if (executionId === null || profile.poll === null || report.kind === 'completed' || report.kind === 'failed')
    return checks;
  return [...checks, ...(await followed(calls, { ...execution, executionId }, trial.pollIntervalMs))];
}

async function followed(calls: Calls, execution: Dispatchable, everyMs: number): Promise<Check[]> {
  const { cxone, world, profile, place } = calls;
  const until = world.elapsed() + TRIAL_MS;
  for (;;) {
    await world.sleep(everyMs);
    const answer = await cxone.poll(execution);
    const found = answer.type === 'polled' ? differences(profile, 'poll', textOf(lastOf(calls, 'poll'))) : [];
    if (found.length > 0) return found.map((one) => differing(one, place));
    if (answer.type === 'not-found') {
      return [
        fail(
          'poll',
          `CXone accepted the execution and does not know it: ${answer.message}`,
          `see ${place.of('/poll/notFound')}`,
        ),
      ];
    }
    if (answer.type === 'failed') return [...failedPoll(calls, answer.message)];
    const { kind, statusWord: word } = answer.report;
    if (kind !== 'progress') return [ok('poll', `it ended as ${word}, which means ${kind}`)];
    if (world.elapsed() >= until)
      return [warn('poll', `it still says ${word} after a minute`, 'see what becomes of it in CXone')];
  }
}

/** A 2xx without a status is reported by its differences, anything else in the words of the client. */
function failedPoll(calls: Calls, message: string): Check[] {
  const seen = lastOf(calls, 'poll');
  const isAnswered = seen?.answer != null && seen.answer.status >= 200 && seen.answer.status <= 299;
  const found = isAnswered ? differences(calls.profile, 'poll', textOf(seen)) : [];
  return found.length > 0
    ? found.map((one) => differing(one, calls.place))
    : [fail('poll', message, `see ${calls.place.of('/poll')}`)];
}

export function differing({ member, message, suggestion }: Difference, place: ProfilePlace): Check {
  const to = suggestion === null ? '' : ` to ${JSON.stringify(suggestion)}`;
  return fail('profile', `${member.slice(1).replaceAll('/', '.')}: ${message}`, `change ${place.of(member)}${to}`);
}

function lastOf(
  { seen, profile }: Pick<Calls, 'seen' | 'profile'>,
  call: 'execute' | 'poll',
): RecordedExchange | undefined {
  return seen.findLast(({ method, url }) => matchCall(profile, method, url).call === call);
}

function textOf(seen: RecordedExchange | undefined): string {
  return new TextDecoder().decode(seen?.answer?.body ?? new Uint8Array());
}

function isPage(text: string): boolean {
  return kindOf(text).includes('HTML');
}

function anExecution(actionId: string, inputs: JsonObject, world: World): Dispatchable {
  const now = world.now();
  const reference = world.id(now);
  const submission = {
    ...{ correlationId: `doctor-${reference}`, app: 'doctor', actionId, inputs, context: {} },
    ...{ timeoutSeconds: 30, graceSeconds: 0, retryUncertain: false, priority: DEFAULT_PRIORITY },
    ...{ notifyUrl: null, idempotencyKey: null, traceparent: null, tracestate: null },
  };
  return newExecution(submission, reference, now, now + TRIAL_MS);
}
