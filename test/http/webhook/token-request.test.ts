// Token requests: the client is found in each permitted form, and nothing else is taken for one.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readTokenRequest } from '../../../src/http/webhook/token-request.ts';

const GRANT = { grant_type: 'client_credentials' };
const form = (fields: Record<string, string>) => Buffer.from(new URLSearchParams(fields).toString());
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
/** As in RFC 6749: each part form-encoded. */
const encoded = (text: string) => new URLSearchParams({ x: text }).toString().slice(2);

test('an id and secret are found in a form, in JSON, and by Basic with and without encoding', () => {
  const id = fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/);
  const secret = fc.stringMatching(/^[!-~]{1,64}$/);
  fc.assert(
    fc.property(id, secret, (client_id, client_secret) => {
      const fields = { ...GRANT, client_id, client_secret };
      const requests = [
        readTokenRequest(null, form(fields)),
        readTokenRequest(null, Buffer.from(JSON.stringify(fields))),
        readTokenRequest(basic(`${encoded(client_id)}:${encoded(client_secret)}`), form(GRANT)),
        readTokenRequest(basic(`${client_id}:${client_secret}`), form(GRANT)),
        readTokenRequest(basic(`${client_id}:${client_secret}`), Buffer.from(JSON.stringify(GRANT))),
      ];
      for (const request of requests) {
        expect(request).toMatchObject({ type: 'read', grant: 'client_credentials' });
        expect('clients' in request && request.clients).toContain(`${client_id}:${client_secret}`);
      }
    }),
  );
});

test('every body is either read or malformed', () => {
  const body = fc.oneof(fc.uint8Array(), fc.json().map(Buffer.from), fc.webQueryParameters().map(Buffer.from));
  const authorization = fc.option(
    fc.oneof(
      fc.string(),
      fc.base64String().map((text) => `Basic ${text}`),
    ),
  );
  fc.assert(
    fc.property(authorization, body, (header, bytes) => {
      expect(['read', 'malformed']).toContain(readTokenRequest(header, bytes).type);
    }),
  );
});

describe('a request without a client', () => {
  test.for([
    ['nothing about it', null, form(GRANT)],
    ['an id alone', null, form({ ...GRANT, client_id: 'cxone' })],
    ['another scheme', 'Bearer cxone', form(GRANT)],
    ['Basic without a colon', basic('cxone'), form(GRANT)],
    ['letters that fold into ASCII', null, form({ ...GRANT, client_id: 'cxone', client_secret: 'ŁŁŁŁŁŁŁŁŁŁŁŁŁŁŁŁ' })],
  ] as const)('%s', ([, authorization, body]) => {
    expect(readTokenRequest(authorization, body)).toEqual({ type: 'read', grant: 'client_credentials', clients: [] });
  });
});

describe('a malformed request gets the reason', () => {
  test.for([
    ['no grant', null, '', 'send grant_type=client_credentials'],
    ['half a JSON document', null, '{"grant_type":', 'send grant_type=client_credentials'],
    [
      'a grant that is not a string',
      null,
      '{"grant_type":["client_credentials"]}',
      'send grant_type=client_credentials',
    ],
    ['a parameter twice', null, 'grant_type=client_credentials&grant_type=password', 'more than once'],
    ['a client named twice', basic('a:b'), 'grant_type=client_credentials&client_secret=b', 'name the client once'],
  ] as const)('%s', ([, authorization, body, detail]) => {
    expect(readTokenRequest(authorization, Buffer.from(body))).toEqual({
      type: 'malformed',
      detail: expect.stringContaining(detail),
    });
  });
});
