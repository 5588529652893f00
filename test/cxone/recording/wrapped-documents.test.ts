// A recording has the document that a profile finds inside of a body, in the format of that body, and without its values.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCallbackBody } from '../../../src/cxone/parse-callback-body.ts';
import { loadProfile, type Profile } from '../../../src/cxone/profile/profile.ts';
import { openRecorder } from '../../../src/cxone/recording/recorder.ts';
import { systemWorld } from '../../../src/lib/world.ts';
import { quietLog } from '../../support/quiet-log.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const REFERENCE = '0190b6c1-1111-7abc-8def-0123456789ab';
const FORM = 'application/x-www-form-urlencoded';

type Callback = Profile['callback'];

/** Returns the recorded body of a callback. */
function recorded(rules: Partial<Callback>, body: string, contentType: string, completed = ['all done']): string {
  const profile = loadProfile(null);
  const recordDir = temporaryFolder();
  const { wrapReceiver, close } = openRecorder({
    recordDir,
    profile: {
      ...profile,
      callback: { ...profile.callback, ...rules },
      words: { ...profile.words, completed },
    },
    secrets: [],
    conceal: (text) => text,
    world: systemWorld,
    log: quietLog(),
  });
  wrapReceiver({ callback: (..._: unknown[]) => {} }).callback(REFERENCE, Buffer.from(body), contentType);
  close();
  const [line = ''] = readFileSync(join(recordDir, readdirSync(recordDir)[0] ?? ''), 'utf8').split('\n');
  return JSON.parse(line).request.postData.text;
}

const DOCUMENT = { executionId: 'run-17', status: 'All Done', result: { name: 'Ada Lovelace', phone: '431234' } };
const SHAPE = { executionId: 'run-17', status: 'All Done', result: { name: 'text', phone: '0' } };

describe('the recorded form', () => {
  test('of JSON keeps a status word of the profile that has spaces, at any place of a status', () => {
    expect(JSON.parse(recorded({}, JSON.stringify(DOCUMENT), 'application/json'))).toEqual(SHAPE);
    expect(JSON.parse(recorded({}, '{"state":"all_done","note":"It is done."}', 'application/json'))).toEqual({
      state: 'all_done',
      note: 'text',
    });
    expect(JSON.parse(recorded({}, '{"status":"Ada is done"}', 'application/json'))).toEqual({ status: 'text' });
    const deep = '{"a":{"b":{"c":{"said":"all done"}}}}';
    expect(recorded({ status: '/a/b/c/said' }, deep, 'application/json')).toBe(deep);
  });

  test.for([1, 2, 3])('of JSON in %i texts is JSON in as many texts', (wrappings) => {
    let message = JSON.stringify(DOCUMENT);
    for (let count = 1; count < wrappings; count += 1) message = JSON.stringify(message);
    const text = recorded(
      { document: ['/none', '/Message'] },
      JSON.stringify({ Type: 'Notification', Message: message, From: 'Ada Lovelace' }),
      'text/plain',
    );
    const { Message, ...rest } = JSON.parse(text);
    expect(rest).toEqual({ Type: 'text', From: 'text' });
    let inner = Message;
    for (let count = 0; count < wrappings; count += 1) inner = JSON.parse(inner);
    expect(inner).toEqual(SHAPE);
  });

  test('of a body that is one JSON text is one JSON text', () => {
    const text = recorded({ document: '' }, JSON.stringify(JSON.stringify(DOCUMENT)), 'application/json');
    expect(JSON.parse(JSON.parse(text))).toEqual(SHAPE);
  });

  test('of JSON in a field of a form is a form', () => {
    const places = { formField: 'payload', executionId: '/run/no', status: '/run/said', result: '/run/got' };
    const document = { run: { no: 'run-17', said: 'all done', got: { id: 'Ada' } } };
    const body = new URLSearchParams({ payload: JSON.stringify(document), v: 'Ada Lovelace' }).toString();
    const fields = Object.fromEntries(new URLSearchParams(recorded(places, body, FORM)));
    expect(JSON.parse(fields['payload'] ?? '')).toEqual({
      run: { no: 'run-17', said: 'all done', got: { id: 'text' } },
    });
    expect(fields['v']).toBe('text');
  });

  test('of XML is XML with the same elements, attributes and texts, without prefixes', () => {
    const places = { xml: true, executionId: '/Done/Id', status: '/Done/State/#text', result: '/Done/Rows' };
    const body = `<?xml version="1.0"?><n:Done xmlns:n="urn:x" by="Ada"><n:Id>run-17</n:Id><State at="7">All Done</State>
      <Rows><Row>A &amp; B</Row><Row>2</Row></Rows></n:Done>`;
    expect(recorded(places, body, 'text/xml')).toBe(
      '<Done by="text"><Id>run-17</Id><State at="0">All Done</State><Rows><Row>text</Row><Row>0</Row></Rows></Done>',
    );
  });

  test('of XML that the profile does not read has nothing of it', () => {
    expect(recorded({}, '<Done><Id>run-17</Id></Done>', 'text/xml')).toBe('some text');
  });
});

test('the profile reads the recorded body as it reads the one that arrived, and the recording has no value', () => {
  const name = fc.constantFrom('a', 'b-c', 'd_e', 'Status');
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      fc.constantFrom('Ada Lovelace', '<&"\'>', '5678', ''),
      fc.array(tie('value'), { maxLength: 2 }),
      fc.dictionary(name, tie('value'), { maxKeys: 3 }),
    ),
  }));
  const rules = { ...loadProfile(null).callback, document: '/Message' };
  fc.assert(
    fc.property(value, fc.constantFrom('all done', 'COMPLETED'), (result, status) => {
      const body = JSON.stringify({ Message: JSON.stringify({ executionId: 'run-17', status, result }) });
      const text = recorded(rules, body, 'application/json', ['all done', 'COMPLETED']);
      expect(text).not.toMatch(/Lovelace|5678/);
      expect(parseCallbackBody(Buffer.from(text), 'application/json', rules)).toMatchObject({
        type: 'read',
        document: { executionId: 'run-17', status },
      });
    }),
    { numRuns: 40 },
  );
});
