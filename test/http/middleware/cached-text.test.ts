// Assets of the pages: compressed for clients that accept it, with a tag for each encoding, and the same text for all.

import { expect, test } from 'vitest';
import { startHttp } from '../harness.ts';

const ASSETS = ['/console/style.css', '/console/scripts/plots.js'];

test('an asset is compressed for clients that accept gzip, and plain for the others', async () => {
  await using http = await startHttp();
  for (const path of ASSETS) {
    const get = (encoding: string) => http.call('GET', path, { key: null, headers: { 'accept-encoding': encoding } });
    const compressed = await get('gzip, deflate, br');
    const plain = await get('identity');
    expect(compressed.text).toBe(plain.text);
    expect([compressed.headers.get('content-encoding'), plain.headers.get('content-encoding')]).toEqual(['gzip', null]);
    expect(Number(compressed.headers.get('content-length'))).toBeLessThan(plain.text.length / 2);
    for (const refusal of ['gzip;q=0', 'br, gzip; q=0.0', 'deflate']) {
      expect([refusal, (await get(refusal)).headers.get('content-encoding')]).toEqual([refusal, null]);
    }
    for (const { headers } of [compressed, plain]) expect(headers.get('vary')).toBe('accept-encoding');
    expect((await get('br;q=1.0, gzip;q=0.8')).headers.get('content-encoding')).toBe('gzip');
  }
});

test('each encoding has a tag of its own, which a client revalidates', async () => {
  await using http = await startHttp();
  const get = (encoding: string, tag = '""') =>
    http.call('GET', '/console/style.css', {
      key: null,
      headers: { 'accept-encoding': encoding, 'if-none-match': tag },
    });
  const tags = await Promise.all(
    ['gzip', 'identity'].map(async (encoding) => (await get(encoding)).headers.get('etag')),
  );
  const [compressed = '', plain = ''] = tags.map(String);
  expect(compressed).not.toBe(plain);
  const statuses = [await get('gzip', compressed), await get('identity', plain), await get('identity', compressed)];
  expect(statuses.map(({ status }) => status)).toEqual([304, 304, 200]);
});
