// A whole receiver with real SQLite for hostile clients: short limits, an execution that waits for its callback, and a look at
// whether the database was written to.

import { statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { onTestFinished } from 'vitest';
import type { Limits } from '../../src/http/server/server.ts';
import { isoTime } from '../../src/lib/time.ts';
import { callbackUrlOf, type Stage, setStage } from '../stories/stage.ts';
import { wire } from './harness.ts';

export const FORGED = `/webhook/cxone-execution/${'A'.repeat(22)}.${'A'.repeat(43)}`;
export const COMPLETED = '{"status":"COMPLETED","result":{"paid":true}}';

/** Short enough to be waited for, long enough for a busy machine. */
export const SHORT: Partial<Limits> = {
  headersTimeout: 600,
  requestTimeout: 900,
  connectionsCheckingInterval: 20,
  keepAliveTimeout: 600,
};

export interface Besieged extends Stage {
  /** Where CXone calls; the same as the apps' port unless CALLBACK_PORT is set. */
  readonly port: number;
  /** Submits an execution without a callback; returns its id and the path of its callback URL. */
  waiting(): Promise<{ readonly id: string; readonly path: string }>;
  /** Changes with each commit of the receiver, and with each write to its files. */
  written(): string;
}

export async function besiege(env: Record<string, string> = {}, limits: Partial<Limits> = {}): Promise<Besieged> {
  const stage = await setStage(env, {}, limits);
  const reader = new Database(stage.databasePath, { readonly: true });
  onTestFinished(() => void reader.close());
  // The clock stands still, so that no other heartbeat follows the first.
  const beats = reader.prepare<[string]>('SELECT 1 FROM heartbeat WHERE at >= ?');
  await stage.until(() => beats.get(isoTime(stage.world.now())) !== undefined);
  return {
    ...stage,
    port: Number(new URL(stage.service().webhookUrl).port),
    waiting: async () => {
      const id = await stage.submit('lost-callback', { graceSeconds: 600, timeoutSeconds: 30 });
      await stage.untilStatus(id, 'PENDING');
      return { id, path: new URL(await callbackUrlOf(stage, id)).pathname };
    },
    written: () => {
      const version = reader.pragma('data_version', { simple: true });
      const rows = ['executions', 'audit_events', 'callback_bodies'].map((table) =>
        reader.prepare(`SELECT count(*) FROM ${table}`).pluck().get(),
      );
      const files = ['', '-wal'].map((suffix) => statSync(stage.databasePath + suffix));
      return JSON.stringify([version, rows, files.map(({ mtimeMs, size }) => [mtimeMs, size])]);
    },
  };
}

/** Sends it all at once and returns what came until the server closed the connection. */
export function exchange(port: number, text: string | Uint8Array): Promise<string> {
  const raw = wire(port);
  raw.send(text);
  return raw.closed;
}

/** The statuses of the answers on one connection, in order. */
export function statuses(received: string): number[] {
  return [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}
