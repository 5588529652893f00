// Compressed bodies: decoded in full and up to a limit, for every combination of codings.

import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { decodeContent } from '../../../src/lib/http/content-coding.ts';

const TEXT = Buffer.from('{"status":"COMPLETED","result":"é"}');
const LIMIT = 1000;

const decode = (bytes: Uint8Array, encoding: string | null, limit = LIMIT) => decodeContent(bytes, encoding, limit);
const text = (bytes: Uint8Array, encoding: string | null) => {
  const decoded = decode(bytes, encoding);
  return decoded.type === 'decoded' ? Buffer.from(decoded.bytes).toString() : decoded;
};

test.each([
  ['gzip', gzipSync(TEXT)],
  ['x-gzip', gzipSync(TEXT)],
  ['GZIP', gzipSync(TEXT)],
  ['deflate', deflateSync(TEXT)],
  ['deflate', deflateRawSync(TEXT)],
  ['br', brotliCompressSync(TEXT)],
  ['zstd', zstdCompressSync(TEXT)],
  ['identity', TEXT],
  ['', TEXT],
  [null, TEXT],
  ['gzip, br', brotliCompressSync(gzipSync(TEXT))],
  ['deflate , identity,, zstd', zstdCompressSync(deflateSync(TEXT))],
])('%s is decoded', (encoding, bytes) => {
  expect(text(bytes, encoding)).toBe(TEXT.toString());
});

test('an empty body stays empty under any coding', () => {
  for (const coding of ['gzip', 'br', 'zstd', 'deflate']) expect(text(new Uint8Array(), coding)).toBe('');
});

test('all members of gzip and all frames of zstd are decoded, including skippable and empty frames', () => {
  const halves = [TEXT.subarray(0, 10), TEXT.subarray(10)];
  expect(text(Buffer.concat(halves.map((half) => gzipSync(half))), 'gzip')).toBe(TEXT.toString());
  const skippable = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
  const frames = halves.flatMap((half) => [skippable, zstdCompressSync(half), zstdCompressSync('')]);
  expect(text(Buffer.concat(frames), 'zstd')).toBe(TEXT.toString());
});

describe('a body over the limit', () => {
  const big = Buffer.alloc(LIMIT + 1, 'x');
  test.each([
    ['gzip', gzipSync(big)],
    ['deflate', deflateSync(big)],
    ['deflate', deflateRawSync(big)],
    ['br', brotliCompressSync(big)],
    ['zstd', zstdCompressSync(big)],
    ['zstd', Buffer.concat([zstdCompressSync(big.subarray(1)), zstdCompressSync('x')])],
    ['gzip, gzip', gzipSync(gzipSync(big))],
  ])('is too large, and one byte less is not (%s)', (encoding, bytes) => {
    expect(decode(bytes, encoding)).toEqual({ type: 'too-large' });
    expect(decode(bytes, encoding, LIMIT + 1)).toMatchObject({ type: 'decoded' });
  });

  test('is not inflated: 64 MB of zeros take no memory', () => {
    const bomb = gzipSync(gzipSync(Buffer.alloc(64_000_000), { level: 1 }));
    const before = process.memoryUsage().arrayBuffers;
    expect(decode(bomb, 'gzip, gzip', 1024 * 1024)).toEqual({ type: 'too-large' });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
  });
});

test.each([
  ['gzip', gzipSync(TEXT)],
  ['deflate', deflateSync(TEXT)],
  ['br', brotliCompressSync(TEXT)],
  ['zstd', zstdCompressSync(TEXT)],
])('a truncated %s body, or one with other content, is corrupt', (encoding, bytes) => {
  const reason = `the body is not valid ${encoding}, which its Content-Encoding names`;
  for (const cut of [1, 3, Math.floor(bytes.length / 2), bytes.length - 5]) {
    expect(decode(bytes.subarray(0, bytes.length - cut), encoding)).toEqual({ type: 'corrupt', reason });
  }
  expect(decode(TEXT, encoding)).toEqual({ type: 'corrupt', reason });
});

test('an unknown coding is named, also between known ones', () => {
  expect(decode(TEXT, 'compress')).toEqual({ type: 'unknown', coding: 'compress' });
  expect(decode(gzipSync(TEXT), 'Snappy, gzip')).toEqual({ type: 'unknown', coding: 'snappy' });
  expect(decode(TEXT, Array(50).fill('gzip').join())).toMatchObject({ type: 'unknown' });
});
