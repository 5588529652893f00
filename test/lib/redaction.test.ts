// Redaction: a secret is removed from a log line before it is written, in each of its spellings.

import { expect, test } from 'vitest';
import { createSignedUrls } from '../../src/callbacks/signed-url.ts';
import { createRedact } from '../../src/lib/redaction.ts';
import { createJsonLog } from '../../src/observability/log-output.ts';

const SECRET = 'p"ss word/with+all=of\\it';

test('a secret is removed as it is, in JSON, in a URL and in Basic credentials', () => {
  const redact = createRedact([SECRET]);
  const spellings = [
    SECRET,
    JSON.stringify({ SECRET }),
    encodeURIComponent(SECRET),
    `Basic ${Buffer.from(`alice:${SECRET}`).toString('base64')}`,
  ];
  for (const spelling of spellings) {
    const line = redact(`before ${spelling} after`);
    expect(line).toMatch(/^before .*\[redacted\].* after$/);
    expect(line).not.toContain('p"ss');
    expect(line).not.toContain(spelling.slice(8));
  }
});

test('of two secrets, of which one starts with the other, no part is left', () => {
  const redact = createRedact(['secret-one', 'secret-one-and-more']);
  expect(redact('secret-one-and-more, secret-one')).toBe('[redacted], [redacted]');
});

test('callback URLs, bearer tokens, signing secrets and JSON Web Tokens are recognised by their form', () => {
  const redact = createRedact([]);
  const url = createSignedUrls('https://receiver.example', ['x'.repeat(32)]).mint(
    '019a8f00-0000-7000-8000-000000000000',
  );
  expect(redact(url)).toBe('https://receiver.example/webhook/cxone-execution/[redacted]');
  expect(redact('authorization: Bearer abcdef123')).toBe('authorization: Bearer [redacted]');
  expect(redact('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')).toBe('[redacted]');
  expect(redact('got eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.c2lnbmF0dXJl')).toBe('got [redacted]');
});

test('text that only resembles a secret stays', () => {
  const redact = createRedact(['short']);
  for (const line of [
    '{"correlationId":"019a8f00-0000-7000-8000-000000000000","msg":"short and innocent"}',
    'audit-head v1 id=7 hash=8805845f at=2026-11-22T17:47:35.495Z key=8805845f mac=F6xtHE1A5gJ5tqZh9cQjOheyCQfGPPXxU9aN-45EWa0',
    'traceparent 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  ]) {
    expect(redact(line)).toBe(line);
  }
});

test('log lines are JSON, with time, level and message, and without the secret', () => {
  const lines: string[] = [];
  const log = createJsonLog('debug', [SECRET], { write: (line) => void lines.push(line) });
  log.warn({ reason: `it said ${SECRET}`, nested: { again: [SECRET] } }, `what ${SECRET}`);
  expect(JSON.parse(lines.join(''))).toEqual({
    level: 'warn',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    reason: 'it said [redacted]',
    nested: { again: ['[redacted]'] },
    msg: 'what [redacted]',
  });
});
