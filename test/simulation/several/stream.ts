// An operator that follows the events at one receiver, and continues at another one when its stream ends.

import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { type Follower, follow } from '../../support/sse.ts';
import { OPERATOR_KEY } from './receivers.ts';

const PAUSE_MS = 50;

export interface Stream {
  /** The ids of all events so far, in the order of their arrival. */
  ids(): readonly number[];
  close(): Promise<void>;
}

/** @param urls the receivers that run */
export function followAll(urls: () => readonly string[]): Stream {
  const ended: number[] = [];
  let current: { readonly url: string; readonly follower: Follower } | null = null;
  let isClosed = false;
  let turn = 0;

  async function followNext(): Promise<void> {
    const running = urls();
    turn += 1;
    const url = running[turn % running.length];
    if (url === undefined) return;
    const follower = await follow(`${url}/v1/events`, OPERATOR_KEY, ended.at(-1) ?? 0);
    current = { url, follower };
    // A receiver that has crashed in this process keeps its connections.
    while (!isClosed && !follower.over && urls().includes(url)) await sleep(PAUSE_MS);
    await follower.close();
    current = null;
    ended.push(...follower.ids);
  }

  const following = (async () => {
    while (!isClosed) {
      await followNext().catch(() => {});
      await sleep(PAUSE_MS);
    }
  })();
  const close = async () => {
    isClosed = true;
    await following;
  };
  onTestFinished(close);
  return { ids: () => [...ended, ...(current?.follower.ids ?? [])], close };
}
