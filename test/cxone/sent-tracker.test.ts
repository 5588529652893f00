// Errors that prove that no host was reached, for when fetch does not report how far a request got.

import { describe, expect, test } from 'vitest';
import { createSentTracker, failedToConnect } from '../../src/cxone/sent-tracker.ts';

function failure(code: string, syscall?: string): Error {
  return Object.assign(new Error(code), { code, ...(syscall ? { syscall } : {}) });
}

const refused = failure('ECONNREFUSED', 'connect');

/** As fetch and ofetch wrap what went wrong. */
function wrapped(cause: Error): Error {
  return new Error('FetchError', { cause: new TypeError('fetch failed', { cause }) });
}

describe('nobody was reached', () => {
  test.each([
    refused,
    failure('ENOTFOUND', 'getaddrinfo'),
    failure('EAI_AGAIN', 'getaddrinfo'),
    failure('EHOSTUNREACH', 'connect'),
    failure('ENETUNREACH', 'connect'),
    failure('ETIMEDOUT', 'connect'),
    failure('UND_ERR_CONNECT_TIMEOUT'),
    failure('CERT_HAS_EXPIRED'),
    failure('DEPTH_ZERO_SELF_SIGNED_CERT'),
    failure('ERR_TLS_CERT_ALTNAME_INVALID'),
    failure('UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
    new AggregateError([refused, failure('EHOSTUNREACH', 'connect')], 'every address failed'),
  ])('$message', (error) => {
    expect(failedToConnect(wrapped(error))).toBe(true);
  });
});

describe('somebody may have been reached', () => {
  test.each([
    failure('ECONNRESET', 'read'),
    failure('EPIPE', 'write'),
    failure('ETIMEDOUT', 'read'),
    failure('EHOSTUNREACH', 'read'),
    failure('UND_ERR_SOCKET'),
    failure('UND_ERR_HEADERS_TIMEOUT'),
    new AggregateError([refused, failure('ECONNRESET', 'read')], 'one address answered'),
    new AggregateError([], 'nothing known'),
    new Error('unknown'),
  ])('$message', (error) => {
    expect(failedToConnect(wrapped(error))).toBe(false);
    expect(failedToConnect('thrown text')).toBe(false);
  });
});

test('a fetch that has never reported a sent request is not trusted when it reports none', () => {
  const journeys = createSentTracker();
  const reset = wrapped(failure('ECONNRESET', 'read'));
  expect(journeys.wasNeverSent({ created: true, sent: false, connection: null, written: () => {} }, reset)).toBe(false);
  expect(
    journeys.wasNeverSent({ created: true, sent: false, connection: null, written: () => {} }, wrapped(refused)),
  ).toBe(true);
  expect(
    journeys.wasNeverSent({ created: true, sent: true, connection: null, written: () => {} }, wrapped(refused)),
  ).toBe(false);
  journeys.stop();
});
