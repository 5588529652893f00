// HMAC-SHA256 from one-shot hashes: the vectors of RFC 4231, and the HMAC of Node for keys and messages of any length.

import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createHmacSha256 } from '../../src/lib/hmac-sha256.ts';

const hex = (text: string) => Buffer.from(text, 'hex');
const LONG_KEY = Buffer.alloc(131, 0xaa);

/** The test cases of RFC 4231, section 4, but the fifth, which truncates its digest. */
const VECTORS: readonly (readonly [name: string, key: Buffer, data: Buffer, mac: string])[] = [
  [
    '1',
    Buffer.alloc(20, 0x0b),
    Buffer.from('Hi There'),
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  ],
  [
    '2, a key shorter than the digest',
    Buffer.from('Jefe'),
    Buffer.from('what do ya want for nothing?'),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  [
    '3, key and data of 70 bytes',
    Buffer.alloc(20, 0xaa),
    Buffer.alloc(50, 0xdd),
    '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
  ],
  [
    '4',
    hex('0102030405060708090a0b0c0d0e0f10111213141516171819'),
    Buffer.alloc(50, 0xcd),
    '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
  ],
  [
    '6, a key longer than a block',
    LONG_KEY,
    Buffer.from('Test Using Larger Than Block-Size Key - Hash Key First'),
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  ],
  [
    '7, a key and data longer than a block',
    LONG_KEY,
    Buffer.from(
      'This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.',
    ),
    '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
  ],
];

test.each(VECTORS)('case %s of RFC 4231 has the MAC of the RFC', (_, key, data, mac) => {
  expect(Buffer.from(createHmacSha256(key)(data), 'base64url').toString('hex')).toBe(mac);
});

test('every key and message has the MAC that Node computes, and the parts of a message count as one text', () => {
  const bytes = fc.uint8Array({ maxLength: 200 });
  fc.assert(
    fc.property(bytes, fc.array(bytes, { maxLength: 4 }), (key, parts) => {
      const expected = createHmac('sha256', key).update(Buffer.concat(parts)).digest('base64url');
      expect(createHmacSha256(key)(...parts)).toBe(expected);
    }),
  );
});

test('a MAC does not depend on the calls before it, nor on other keys', () => {
  const [first, second] = [createHmacSha256(Buffer.from('first')), createHmacSha256(Buffer.from('second'))];
  const message = Buffer.from('message');
  const macs = [first(message), second(message)];
  first(Buffer.from('another message'));
  expect([first(message), second(message)]).toEqual(macs);
  expect(macs[0]).not.toBe(macs[1]);
});
