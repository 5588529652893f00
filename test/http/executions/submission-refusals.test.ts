// What POST /v1/executions does not take, and how precisely it says so.

import { describe, expect, test } from 'vitest';
import { head, ORDERS_KEY, startHttp, wire } from '../harness.ts';

const AUTHORIZED = { authorization: `Bearer ${ORDERS_KEY}`, 'content-type': 'application/json' };

describe('refused input', () => {
  const BAD: [name: string, body: unknown, pointers: string[]][] = [
    ['no object', [], ['#']],
    ['a number', 12345678901234567890n.toString(), ['#']],
    ['no actionId', {}, ['#/actionId']],
    ['an actionId with a slash', { actionId: 'a/b' }, ['#/actionId']],
    ['an empty actionId', { actionId: '' }, ['#/actionId']],
    ['an actionId with a line break at its end', { actionId: 'a\n' }, ['#/actionId']],
    ['an actionId of 129 characters', { actionId: 'x'.repeat(129) }, ['#/actionId']],
    ['an actionId that a URL would collapse', { actionId: '..' }, ['#/actionId']],
    ['a correlationId that a URL would collapse', { actionId: 'a', correlationId: '.' }, ['#/correlationId']],
    ['inputs that are an array', { actionId: 'a', inputs: [] }, ['#/inputs']],
    ['inputs that are null', { actionId: 'a', inputs: null }, ['#/inputs']],
    ['inputs that are a long number', '{"actionId":"a","inputs":12345678901234567890}', ['#/inputs']],
    ['half a surrogate pair', '{"actionId":"a","inputs":{"deep":["\\ud800"]}}', ['#/inputs']],
    ['half a surrogate pair in a key', '{"actionId":"a","context":{"\\udc00":1}}', ['#/context']],
    [
      'a callbackUrl of its own',
      { actionId: 'a', context: { callbackUrl: 'https://evil.example' } },
      ['#/context/callbackUrl'],
    ],
    ['timeoutSeconds too small', { actionId: 'a', timeoutSeconds: 4 }, ['#/timeoutSeconds']],
    ['timeoutSeconds too great', { actionId: 'a', timeoutSeconds: 121 }, ['#/timeoutSeconds']],
    ['timeoutSeconds not whole', { actionId: 'a', timeoutSeconds: 5.5 }, ['#/timeoutSeconds']],
    ['timeoutSeconds beyond all numbers', '{"actionId":"a","timeoutSeconds":1e999}', ['#/timeoutSeconds']],
    ['timeoutSeconds as text', { actionId: 'a', timeoutSeconds: '30' }, ['#/timeoutSeconds']],
    ['graceSeconds too great', { actionId: 'a', graceSeconds: 86_401 }, ['#/graceSeconds']],
    ['graceSeconds below nothing', { actionId: 'a', graceSeconds: -1 }, ['#/graceSeconds']],
    ['retryUncertain as text', { actionId: 'a', retryUncertain: 'true' }, ['#/retryUncertain']],
    ['an unknown field', { actionId: 'a', timeout: 5 }, ['#/timeout']],
    ['a field called __proto__', '{"actionId":"a","__proto__":{}}', ['#/__proto__']],
    [
      'everything at once',
      { actionID: 'a', inputs: 1, context: { callbackUrl: 'x' }, timeoutSeconds: 0, 'a/b': 1, 'ü ~': 1 },
      ['#/actionId', '#/inputs', '#/timeoutSeconds', '#/actionID', '#/a~1b', '#/%C3%BC%20~0', '#/context/callbackUrl'],
    ],
  ];

  test.for(BAD)('%s is a 422 that points at it', async ([, body, pointers]) => {
    await using http = await startHttp();
    const answer = await http.call('POST', '/v1/executions', { body });
    expect(answer.status).toBe(422);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.json).toMatchObject({ type: 'urn:cxone-callback-receiver:problem:invalid-input', status: 422 });
    expect(answer.json.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(pointers);
    for (const { detail } of answer.json.errors) expect(detail).toMatch(/^(must|is|contains) /);
    expect((await http.store.list({ app: null, limit: 1 })).items).toEqual([]);
  });

  test.for([
    'javascript:alert(1)',
    'file:///etc/passwd',
    'ftp://app.example/',
    '/relative',
    'app.example',
    'https:app.example',
    'https://',
    'https:///path',
    ' https://app.example',
    'https://app.example/a b',
    'https://app.example/\n',
    'https://user@app.example/',
    'https://user:secret-password@app.example/',
    'https://:secret-password@app.example/',
    `https://app.example/${'x'.repeat(2048)}`,
    'https://[::1/',
    42,
    null,
  ])('%j is not a notifyUrl, and is not quoted', async (notifyUrl) => {
    await using http = await startHttp();
    const answer = await http.submit({ notifyUrl });
    expect(answer.status).toBe(422);
    expect(answer.json.errors).toEqual([
      { pointer: '#/notifyUrl', detail: expect.stringContaining('http or https URL') },
    ]);
    expect(answer.text).not.toContain('secret-password');
  });

  test('400: the error of malformed JSON states the position, without quoting the body', async () => {
    await using http = await startHttp();
    for (const [body, said] of [
      ['', 'empty'],
      ['{"actionId": "secret', 'line 1 column 21'],
      ['secret', 'not valid JSON'],
      ['{"actionId":"a",}', 'line 1 column 17'],
      ['{"actionId":"a"} {}', 'line 1 column 18'],
    ] as const) {
      const answer = await http.call('POST', '/v1/executions', { body });
      expect(answer.status).toBe(400);
      expect(answer.json.type).toBe('urn:cxone-callback-receiver:problem:malformed-json');
      expect(answer.json.detail).toContain(said);
      expect(answer.text).not.toContain('secret');
    }
  });

  test('400: the error of JSON that is nested too deeply says so, even for a megabyte of brackets', async () => {
    await using http = await startHttp();
    const nested = (levels: number) => `{"actionId":"a","inputs":{"x":${'['.repeat(levels)}1e2${']'.repeat(levels)}}}`;
    expect((await http.call('POST', '/v1/executions', { body: nested(62) })).status).toBe(202);
    for (const levels of [63, 500_000]) {
      const answer = await http.call('POST', '/v1/executions', { body: nested(levels) });
      expect(answer.status).toBe(400);
      expect(answer.json.detail).toContain('64 levels');
    }
  });

  test('400: bytes that are not UTF-8', async () => {
    await using http = await startHttp();
    const raw = wire(http.port);
    raw.send(head('POST', '/v1/executions', { ...AUTHORIZED, 'content-length': '4', connection: 'close' }));
    raw.send(Buffer.from([0x22, 0xff, 0xfe, 0x22]));
    expect(await raw.closed).toMatch(/^HTTP\/1.1 400 [\s\S]*not UTF-8/);
  });

  test.for([
    [{ 'content-type': 'text/plain' }, 'application/json'],
    [{ 'content-type': 'application/x-www-form-urlencoded' }, 'application/json'],
    [{ 'content-type': 'application/jsonp' }, 'application/json'],
    [{ 'content-type': '' }, 'application/json'],
    [{ 'content-encoding': 'gzip' }, 'uncompressed'],
  ] as const)('415: %j', async ([headers, said]) => {
    await using http = await startHttp();
    const answer = await http.call('POST', '/v1/executions', { headers, body: { actionId: 'a' } });
    expect(answer.status).toBe(415);
    expect(answer.json.detail).toContain(said);
  });
});

describe('413: a body over 1 MiB', () => {
  test('is refused by its declared length before any of it is sent', async () => {
    await using http = await startHttp();
    const raw = wire(http.port);
    raw.send(head('POST', '/v1/executions', { ...AUTHORIZED, 'content-length': String(1024 * 1024 + 1) }));
    expect(await raw.until(/bytes at most/)).toMatch(/^HTTP\/1.1 413 /);
    raw.socket.destroy();
  });

  test('is refused while it still comes in chunks without end, and the connection ends', async () => {
    await using http = await startHttp();
    const raw = wire(http.port);
    raw.send(head('POST', '/v1/executions', { ...AUTHORIZED, 'transfer-encoding': 'chunked' }));
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    const more = () => {
      if (!raw.socket.destroyed) raw.socket.write(chunk, () => setImmediate(more));
    };
    more();
    expect(await raw.closed).toMatch(/^HTTP\/1.1 413 /);
  });

  test('is answered to an ordinary client that sends it whole', async () => {
    await using http = await startHttp();
    const answer = await http.call('POST', '/v1/executions', { body: 'x'.repeat(8_000_000) });
    expect(answer.status).toBe(413);
    expect(answer.json.type).toBe('urn:cxone-callback-receiver:problem:body-too-large');
  });
});
