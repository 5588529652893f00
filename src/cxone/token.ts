// The access token: one for all callers, renewed before it ends, one request for it at a time.

import { Buffer } from 'node:buffer';
import { type Json, parseJson, scalarText } from '../execution/json.ts';
import type { Log } from '../log.ts';
import { excerptOf } from '../wire/excerpt.ts';
import type { World } from '../world.ts';
import { decodeUtf8 } from './answers.ts';
import type { HttpReply, HttpRequest } from './exchange.ts';
import { find } from './pointer.ts';
import { TokenUnavailable } from './port.ts';
import type { Profile } from './profile.ts';

const RENEW_BEFORE_END_MS = 300_000;
/** Assumed when an answer does not say how long its token lives: short enough to be right almost anywhere. */
const ASSUMED_LIFE_MS = 600_000;
/** After a failure nobody asks again for so long, doubled with each further failure: wrong credentials may lock a client out. */
const FIRST_HOLD_MS = 500;
const MAX_HOLD_MS = 8_000;

/** What a header can carry (RFC 6750, and every other sign that is visible). */
const USABLE_TOKEN = /^[\x21-\x7e]+$/;

export interface Tokens {
  /** A token that is good for a request now. @throws {TokenUnavailable} */
  get(): Promise<string>;
  /** CXone no longer takes this token. A newer one that is here already stays. */
  drop(token: string): void;
  /** Scopes that the profile requires and the last token lacks; none when its answer did not name its scopes. */
  missingScopes(): readonly string[];
  /** What must not be repeated in a message: the secret in each of its forms, and the token. */
  secrets(): string[];
}

export interface TokenOptions {
  readonly profile: Profile;
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly world: World;
  readonly log: Log;
  /** Resolves with 0 when a request may be made, else with the milliseconds for which none may. */
  readonly enter: () => Promise<number>;
  readonly send: (request: HttpRequest) => Promise<HttpReply>;
}

interface Grant {
  readonly token: string;
  readonly renewAt: number;
  readonly endsAt: number;
}

export function createTokens(options: TokenOptions): Tokens {
  const { profile, clientId, clientSecret, world, log } = options;
  let grant: Grant | null = null;
  let underWay: Promise<Grant> | null = null;
  let failure: { readonly error: TokenUnavailable; readonly until: number; readonly count: number } | null = null;
  let missing: readonly string[] = [];

  function renew(): Promise<Grant> {
    underWay ??= request().finally(() => {
      underWay = null;
    });
    return underWay;
  }

  async function request(): Promise<Grant> {
    if (failure !== null && world.now() < failure.until) {
      const { message, httpStatus } = failure.error;
      throw new TokenUnavailable(message, { retryAfterMs: failure.until - world.now(), httpStatus });
    }
    try {
      grant = await ask();
      failure = null;
      return grant;
    } catch (error) {
      if (!(error instanceof TokenUnavailable)) throw error;
      const count = (failure?.count ?? 0) + 1;
      const hold = Math.max(error.retryAfterMs, Math.min(MAX_HOLD_MS, FIRST_HOLD_MS * 2 ** (count - 1)));
      failure = { error, until: world.now() + hold, count };
      throw new TokenUnavailable(error.message, { retryAfterMs: hold, httpStatus: error.httpStatus });
    }
  }

  async function ask(): Promise<Grant> {
    const paused = await options.enter();
    if (paused > 0) {
      throw new TokenUnavailable('CXone asked for a pause, so no token was requested', { retryAfterMs: paused });
    }
    const begun = world.now();
    const reply = await options.send(tokenRequest(options));
    if (reply.type !== 'answered') throw new TokenUnavailable(`no answer to the token request: ${reply.reason}`);
    if (reply.httpStatus < 200 || reply.httpStatus > 299) {
      const words = excerptOf(reply.body, secrets());
      const message = `CXone answered the token request with ${reply.httpStatus}${words && `: ${words}`}`;
      throw new TokenUnavailable(message, { retryAfterMs: reply.retryAfterMs, httpStatus: reply.httpStatus });
    }
    const text = reply.cut === null ? decodeUtf8(reply.body) : null;
    return read(text === null ? null : jsonOrNull(text), begun);
  }

  function read(answer: Json, begun: number): Grant {
    const { accessToken, expiresIn, scope } = profile.token.answer;
    const token = find(answer, accessToken);
    if (typeof token !== 'string' || !USABLE_TOKEN.test(token)) {
      throw new TokenUnavailable(`the answer to the token request has no usable token at "${accessToken}"`);
    }
    checkScopes(scope === null ? null : find(answer, scope));
    const life = lifeOf(expiresIn === null ? null : find(answer, expiresIn));
    const endsAt = begun + life;
    return { token, endsAt, renewAt: endsAt - Math.min(RENEW_BEFORE_END_MS, life / 2) };
  }

  function checkScopes(named: Json): void {
    const granted = scopesIn(named);
    const lacking = granted === null ? [] : profile.token.requiredScopes.filter((scope) => !granted.includes(scope));
    const known = lacking.join() === missing.join();
    missing = lacking;
    if (lacking.length === 0 || known) return;
    log.warn(
      { missingScopes: lacking },
      'the token lacks scopes: the cause of most 403 answers; grant them to the client',
    );
  }

  function secrets(): string[] {
    return [
      clientSecret,
      basicCredentials(clientId, clientSecret),
      basicCredentials(encode(clientId), encode(clientSecret)),
      grant?.token ?? '',
    ];
  }

  return {
    get: async () => {
      const held = grant;
      if (held !== null && world.now() < held.renewAt) return held.token;
      try {
        return (await renew()).token;
      } catch (error) {
        // Renewing can fail while the old token still has some life.
        if (held !== null && grant === held && world.now() < held.endsAt) return held.token;
        throw error;
      }
    },
    drop: (token) => {
      if (grant?.token === token) grant = null;
    },
    missingScopes: () => missing,
    secrets,
  };
}

function tokenRequest({ profile, url, clientId, clientSecret }: TokenOptions): HttpRequest {
  const { grant, clientAuthentication, parameters } = profile.token;
  const form = new URLSearchParams({ ...parameters, grant_type: grant });
  const headers: Record<string, string> = {
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
  };
  switch (clientAuthentication) {
    case 'form':
      form.set('client_id', clientId);
      form.set('client_secret', clientSecret);
      break;
    case 'basic':
      headers['authorization'] = `Basic ${basicCredentials(encode(clientId), encode(clientSecret))}`;
      break;
    case 'basic-unencoded':
      headers['authorization'] = `Basic ${basicCredentials(clientId, clientSecret)}`;
      break;
    default:
      clientAuthentication satisfies never;
  }
  return { method: 'POST', url, headers, body: form.toString() };
}

/** RFC 7617, in UTF-8. */
function basicCredentials(id: string, secret: string): string {
  return Buffer.from(`${id}:${secret}`).toString('base64');
}

/** As in a form (RFC 6749, 2.3.1). */
function encode(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}

function jsonOrNull(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    return null;
  }
}

/** Seconds, as a number or as text, to milliseconds. */
function lifeOf(expiresIn: Json): number {
  const text = scalarText(expiresIn)?.trim() ?? '';
  const milliseconds = text === '' ? Number.NaN : Number(text) * 1000;
  return Number.isFinite(milliseconds) && milliseconds > 0 ? milliseconds : ASSUMED_LIFE_MS;
}

/** Scopes are one text with spaces between them (RFC 6749, 3.3) or, against the book, a list; null when none are named. */
function scopesIn(named: Json): string[] | null {
  const scopes = Array.isArray(named) ? named.map(String) : (scalarText(named) ?? '').split(/[\s,]+/);
  const present = scopes.filter((scope) => scope !== '');
  return present.length === 0 ? null : present;
}
