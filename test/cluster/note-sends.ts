// Loaded before a receiver: notes when it makes each request to CXone and when it writes it, by a clock that all processes share.
//
// The receiver notes them itself, because when a request arrives elsewhere depends on how busy the machine is. A note is in the file before
// the process can be killed. It has the lag of the event loop: a busy process makes a request later than it has admitted it.

import { subscribe } from 'node:diagnostics_channel';
import { openSync, writeSync } from 'node:fs';

const file = openSync(process.env['SENDS_FILE'] ?? '', 'a');
const { origin } = new URL(process.env['CXONE_BASE_URL'] ?? '');

const TICK_MS = 20;
const TICKS = 5;
/** The times of the last ticks, the oldest first. */
const ticks: number[] = [];

/** By a clock that all processes share, milliseconds. */
const now = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000;

function tick(): void {
  if (ticks.push(now()) > TICKS) ticks.shift();
}
tick();
setInterval(tick, TICK_MS).unref();

function note(what: 'made' | 'written'): (message: unknown) => void {
  return (message) => {
    const { request } = message as { request: { origin: unknown } };
    if (String(request.origin) !== origin) return;
    const ms = now();
    const lagMs = Math.max(0, ms - (ticks[0] ?? ms) - ticks.length * TICK_MS);
    writeSync(file, `${JSON.stringify({ by: process.pid, ms, lagMs, what })}\n`);
  };
}

subscribe('undici:request:create', note('made'));
subscribe('undici:client:sendHeaders', note('written'));
