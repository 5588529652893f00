import { expect, test } from 'vitest';
import { isMuchLonger } from '../../../src/store/shared/payload-length.ts';

const sent = (text: string) => ({ inputs: { text }, context: {} });

test.each([
  ['the bytes of a text in Chinese', Buffer.byteLength(JSON.stringify({ text: '客'.repeat(30_000) })), '客'],
  ['escapes', JSON.stringify({ text: '' }).length + 6 * 30_000, 'é'],
])('%s are not much longer than the same text', (_, stored, letter) => {
  expect(isMuchLonger(stored, sent(letter.repeat(30_000)))).toBe(false);
});

test('a long payload is much longer than a short one, and a short payload than none', () => {
  expect(isMuchLonger(900_000, sent('short'))).toBe(true);
  expect(isMuchLonger(1_000, sent(''))).toBe(false);
});
