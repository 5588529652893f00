// Several receivers on one PostgreSQL, and what a browser sends to them.

import type { Receiver } from '../../src/receiver.ts';
import { newReceiverDatabase } from '../support/postgres/databases.ts';
import { OPERATOR_KEY, type Stage, setStage } from './stage.ts';

type Request = NonNullable<Parameters<Stage['request']>[2]>;

export async function twoReceivers(env: Record<string, string> = {}) {
  const stage = await setStage({ DATABASE_URL: await newReceiverDatabase(), ...env });
  const other = await stage.beside();
  const operator = { key: OPERATOR_KEY };
  /** An operator at the receiver that does not lead. An order waits for the leader, which needs the clock. */
  async function atOther(method: string, path: string, body?: unknown) {
    let isDone = false;
    const options: Request = { ...operator, at: other, ...(body === undefined ? {} : { body }) };
    const answer = stage.request(method, path, options).finally(() => {
      isDone = true;
    });
    await stage.until(async () => {
      if (isDone) return true;
      await stage.pass(25, 25);
      // The clock must not outrun the database, from which the leader takes the order.
      await stage.request('GET', '/v1/pauses', operator);
      return isDone;
    });
    return answer;
  }
  /** Moves the clock until the condition holds. */
  const eventually = (condition: () => Promise<boolean>) =>
    stage.until(async () => {
      await stage.pass(250, 250);
      return condition();
    });
  return { stage, leader: stage.service(), other, operator, atOther, eventually };
}

/** The cookie of an operator who logs in at this receiver. */
export async function cookieOf(receiver: Receiver): Promise<string> {
  const response = await form(receiver, '/console/login', '', { key: OPERATOR_KEY, next: '/' });
  return response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

/** The token that the form of a page carries; empty without one. */
export const tokenIn = (html: string): string => /name="token" value="([^"]+)"/.exec(html)?.[1] ?? '';

export const page = (receiver: Receiver, path: string, cookie: string) =>
  fetch(`${receiver.url}${path}`, { headers: { cookie, accept: 'text/html' }, redirect: 'manual' });

export const form = (receiver: Receiver, path: string, cookie: string, fields: Record<string, string>) =>
  fetch(`${receiver.url}${path}`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie, accept: 'text/html', 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams(fields),
  });
