// The rests of bodies that no handler waited for are read in turns, and not as fast as they arrive.

import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { expect, onTestFinished, test, vi } from 'vitest';
import { discardRest } from '../../../src/http/server/discard-rest.ts';

const PIECE = Buffer.alloc(64 * 1024);

/** A request whose client sends pieces without end, one in each turn of the event loop at most. */
function endlessRequest() {
  let pieces = 0;
  const closed = vi.fn();
  const body = new Readable({
    read() {
      setImmediate(() => {
        pieces += 1;
        this.push(PIECE);
      });
    },
  });
  onTestFinished(() => void body.destroy());
  const incoming = Object.assign(body, {
    complete: false,
    socket: { destroySoon: closed },
  }) as unknown as IncomingMessage;
  return { incoming, closed, pieces: () => pieces };
}

test('two endless bodies are read in turns, and not as fast as they arrive', async () => {
  const kept = vi.fn();
  const [one, other] = [endlessRequest(), endlessRequest()];
  one.incoming.on('data', kept).pause();
  for (const { incoming } of [one, other]) discardRest(incoming);
  let turns = 0;
  for (; one.pieces() < 20 || other.pieces() < 20; turns += 1) await new Promise(setImmediate);
  expect(Math.abs(one.pieces() - other.pieces())).toBeLessThanOrEqual(2);
  // There is one read in each turn at most, whose piece takes another turn.
  expect(one.pieces()).toBeLessThan(turns * 0.6);
  expect(kept).not.toHaveBeenCalled();
  for (const { closed } of [one, other]) await vi.waitUntil(() => closed.mock.calls.length === 1, { timeout: 20_000 });

  one.incoming.destroy();
  const before = other.pieces();
  await vi.waitUntil(() => other.pieces() > before + 5, { timeout: 20_000 });
});

test('what has arrived completely is discarded at once', async () => {
  const body = Object.assign(Readable.from([PIECE, PIECE]), { complete: true });
  discardRest(body as unknown as IncomingMessage);
  await new Promise((resolve) => body.once('end', resolve));
});
