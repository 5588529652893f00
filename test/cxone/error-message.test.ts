// The words of an error answer: found in whatever shape CXone or a proxy gives them, short, and without a secret.

import { describe, expect, test } from 'vitest';
import { errorMessageIn } from '../../src/cxone/error-message.ts';

function textOf(body: unknown, secrets: string[] = []): string {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return errorMessageIn({ bytes, contentType: null }, secrets);
}

describe('of JSON the most telling member counts', () => {
  test.each([
    ['OAuth 2.0', { error: 'invalid_client', error_description: 'wrong secret' }, 'wrong secret'],
    ['camel case', { error: 'invalid_client', errorDescription: 'wrong secret' }, 'wrong secret'],
    ['a message', { details: 'more', error: 'Bad Request', message: 'no such skill' }, 'no such skill'],
    ['an error alone', { error: 'invalid_client' }, 'invalid_client'],
    ['details alone', { code: 5, details: 'quota' }, 'quota'],
    ['an error that is an object', { error: { code: 401, message: 'expired' } }, 'expired'],
    ['details that are a list', { details: [{}, { message: 'first' }, { message: 'second' }] }, 'first'],
    ['an empty one gives way', { error_description: ' ', message: null, error: 'denied' }, 'denied'],
    ['a number', { error: 1042 }, '1042'],
    ['a text', '"because"', 'because'],
  ])('%s', (_, body, words) => {
    expect(textOf(body)).toBe(words);
  });

  test('without any of them the whole body is quoted', () => {
    expect(textOf({ code: 7, reason: 'x' })).toBe('{"code":7,"reason":"x"}');
    expect(textOf('{"error":')).toBe('{"error":');
  });

  test('names that every object inherits say nothing', () => {
    expect(textOf('{"__proto__":{"message":"no"},"error":"yes"}')).toBe('yes');
  });
});

describe('of a page', () => {
  test('the title counts', () => {
    const page =
      '<!DOCTYPE html>\n<html><head><title>502 Bad&nbsp;Gateway</title></head><body><h1>Oops</h1></body></html>';
    expect(textOf(page)).toBe('502 Bad Gateway');
  });

  test('without a title what can be read counts, not its scripts and styles', () => {
    const page =
      '<html><head><style>b{}</style></head><body><script>steal("<b>")</script><h1>Access</h1> denied &amp; logged</body>';
    expect(textOf(page)).toBe('Access denied & logged');
  });

  test.each(['<title', '<script>', '&', '<', '<head><'])('a large and hostile one takes no time: %s', (unit) => {
    const before = process.cpuUsage();
    textOf(`<html>${unit.repeat(300_000)}`);
    // Other processes do not count. Work that grows with the square of the length would take minutes.
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(3000);
  });
});

test('no secret is repeated, also where JSON or a page spells it otherwise', () => {
  const secret = 's3"cr&t/1';
  for (const body of [
    { message: `you sent ${secret}` },
    `<html><body>you sent s3&quot;cr&amp;t&#47;1</body>`,
    `<html><body>you sent s3&#34;cr&#x26;t/1</body>`,
  ]) {
    expect(textOf(body, [secret])).toBe('you sent ***');
  }
});

test('it is one line of at most 512 characters', () => {
  const words = textOf({ message: `a\nb\u202E${'x'.repeat(2000)}` });
  expect(words).toMatch(/^a b x+…$/);
  expect(words).toHaveLength(512);
  expect(textOf('')).toBe('');
});
