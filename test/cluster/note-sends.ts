// Loaded before a receiver: notes when it makes each request to CXone and when it writes it, by a clock that all processes share.
//
// The receiver notes them itself, because when a request arrives elsewhere depends on how busy the machine is. A note is in the file before
// the process can be killed.

import { subscribe } from 'node:diagnostics_channel';
import { openSync, writeSync } from 'node:fs';

const file = openSync(process.env['SENDS_FILE'] ?? '', 'a');
const { origin } = new URL(process.env['CXONE_BASE_URL'] ?? '');

function note(what: 'made' | 'written'): (message: unknown) => void {
  return (message) => {
    const { request } = message as { request: { origin: unknown } };
    if (String(request.origin) !== origin) return;
    const ms = Number(process.hrtime.bigint() / 1_000n) / 1_000;
    writeSync(file, `${JSON.stringify({ by: process.pid, ms, what })}\n`);
  };
}

subscribe('undici:request:create', note('made'));
subscribe('undici:client:sendHeaders', note('written'));
