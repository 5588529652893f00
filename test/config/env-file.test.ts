// The .env file: valid lines are read, invalid ones are reported, and the environment takes precedence.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withEnvFile } from '../../src/config/env-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'env-file-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function read(content: string | Uint8Array, env: Record<string, string | undefined> = {}) {
  const path = join(folder, '.env');
  writeFileSync(path, content);
  return withEnvFile(env, path);
}

test('without a file only the environment counts', () => {
  expect(withEnvFile({ PORT: '80' }, join(folder, 'none'))).toEqual({ PORT: '80' });
});

test('the environment takes precedence over the file, and an empty variable of the environment counts as unset', () => {
  const file = 'PORT=1\nHOST=file\nLOG_LEVEL=warn\n';
  expect(read(file, { PORT: '2', HOST: '', OTHER: undefined })).toEqual({ PORT: '2', HOST: 'file', LOG_LEVEL: 'warn' });
});

test('comments, quotes, exports and the line ends of any system are understood', () => {
  const file = "\uFEFF# note\r\nA=1 # one\r\n\r\n  export B = \"two # three\"\r\nC='it is'\nD=`d`\nE=don't\nF=";
  expect(read(file)).toEqual({ A: '1', B: 'two # three', C: 'it is', D: 'd', E: "don't", F: '' });
});

test('an empty value with a blank after it does not swallow the next line', () => {
  expect(read('CXONE_TOKEN_URL= \nPORT=80\n')).toEqual({ CXONE_TOKEN_URL: '', PORT: '80' });
});

test('every invalid line is reported by its number, and its text is not repeated', () => {
  const lines = [
    'PORT=80',
    'CALLBACK_SECRET hidden',
    'A=hid#den',
    'B="hidden',
    "C='hidden' hidden",
    '1D=hidden',
    '=hidden',
  ];
  const reading = () => read(lines.join('\n'));
  expect(reading).toThrow(/line 2:.*\n.*line 3:.*\n.*line 4:.*\n.*line 5:.*\n.*line 6:.*\n.*line 7:/);
  expect(reading).not.toThrow(/hidden|line 1:/);
});

test('a file that is not text or cannot be opened is named', () => {
  expect(() => read(Buffer.from('PORT=80\n', 'utf16le').fill(0xff, 0, 1))).toThrow(
    /\.env: cannot be read as UTF-8 text/,
  );
  mkdirSync(join(folder, 'sub'));
  expect(() => withEnvFile({}, join(folder, 'sub'))).toThrow(/sub: cannot be read as UTF-8 text \(Error: EISDIR/);
});
