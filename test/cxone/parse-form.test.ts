// Forms: names nest, no value is lost, and charsets, sizes and hostile names are handled.

import { describe, expect, test } from 'vitest';
import { parseForm, TooManyFields } from '../../src/cxone/parse-form.ts';

const FORM = 'application/x-www-form-urlencoded';
const parse = (body: string | Uint8Array, type: string | null = FORM, literal: string[] = []) =>
  parseForm(Buffer.from(body), type, (name) => literal.includes(name))?.document;

describe('names of fields nest', () => {
  test.each([
    ['result[amount]=42', { result: { amount: '42' } }],
    ['result.amount=42', { result: { amount: '42' } }],
    ['result%5Bamount%5D=42', { result: { amount: '42' } }],
    ['a[b][c].d=1&a[b][e]=2', { a: { b: { c: { d: '1' }, e: '2' } } }],
    ['items[0][sku]=x&items[1][sku]=y', { items: [{ sku: 'x' }, { sku: 'y' }] }],
    ['items[1]=y&items[0]=x', { items: ['x', 'y'] }],
    ['items[]=a&items[]=b', { items: ['a', 'b'] }],
    ['items[]=a', { items: ['a'] }],
    ['items[][sku]=a&items[][sku]=b', { items: [{ sku: 'a' }, { sku: 'b' }] }],
    ['tag=a&tag=b', { tag: ['a', 'b'] }],
    ['a[b]=1&a.b=2', { a: { b: ['1', '2'] } }],
    ['items[0]=a&items[2]=c', { items: { 0: 'a', 2: 'c' } }],
    ['items[]=a&items[x]=b', { items: { x: 'b', 0: 'a' } }],
    ['result={"a":[1]}', { result: { a: [1] } }],
    ['result[x]={"a":1}&result[y]=[2]', { result: { x: { a: 1 }, y: [2] } }],
  ])('%s', (body, document) => {
    expect(parse(body)).toEqual(document);
  });

  test('a list is a list beyond 20 elements, too', () => {
    const body = Array.from({ length: 1000 }, (_, index) => `items[${999 - index}]=${999 - index}`).join('&');
    expect(parse(body)).toEqual({ items: Array.from({ length: 1000 }, (_, index) => String(index)) });
  });
});

describe('no value is lost', () => {
  test.each([
    ['a=1&a[b]=2', { a: '1', 'a[b]': '2' }],
    ['a[b]=2&a=1', { a: '1', 'a[b]': '2' }],
    ['a={"c":3}&a.b=2', { a: { c: 3 }, 'a.b': '2' }],
    ['a[b]=1&a[b][c]=2&a[d]=3', { a: { b: '1', d: '3' }, 'a[b][c]': '2' }],
    [
      'a[=1&]b=2&[c]=3&.d=4&e.=5&f..g=6&h[i]j=7',
      { 'a[': '1', ']b': '2', '[c]': '3', '.d': '4', 'e.': '5', 'f..g': '6', 'h[i]j': '7' },
    ],
    ['=1&a&b=', { '': '1', a: '', b: '' }],
  ])('%s', (body, document) => {
    expect(parse(body)).toEqual(document);
  });

  test('a name that a pointer of the profile spells stays as it is', () => {
    expect(parse('result.amount=42&result.x=1', FORM, ['result.amount'])).toEqual({
      'result.amount': '42',
      result: { x: '1' },
    });
  });
});

test('names cannot reach prototypes', () => {
  const document = parse('__proto__[polluted]=1&constructor[prototype][polluted]=2&a[__proto__][polluted]=3');
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  expect(Object.getPrototypeOf(document)).toBe(Object.prototype);
  expect(Object.keys(document ?? {})).toEqual(['__proto__', 'constructor', 'a']);
});

test('depth and number of fields are bounded', () => {
  const deep = `a${'[b]'.repeat(100)}`;
  expect(parse(`${deep}=1`)).toEqual({ [deep]: '1' });
  const before = process.cpuUsage();
  expect(() => parse('a[]=1&'.repeat(150_000))).toThrow(TooManyFields);
  expect(() => parse('&a=1'.repeat(10_000))).toThrow('the form has more than 10000 fields');
  // Other processes do not count.
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(3000);
});

describe('charsets', () => {
  test.each([
    ['%E9 and +', `${FORM}; charset=windows-1252`, 'é and  '],
    ['%82%A0', `${FORM}; charset=Shift_JIS`, 'あ'],
    ['%C3%A9', FORM, 'é'],
    ['%C3%A9', `${FORM}; charset=klingon`, 'é'],
    ['%zz%', FORM, '%zz%'],
  ])('%s (%s)', (value, type, text) => {
    expect(parse(`v=${value}`, type)).toEqual({ v: text });
  });

  test('of raw bytes, and by the field _charset_', () => {
    expect(parse(Buffer.from('v=\xe9', 'latin1'), `${FORM}; charset=iso-8859-1`)).toEqual({ v: 'é' });
    expect(parse('_charset_=iso-8859-1&v=%E9')).toEqual({ _charset_: 'iso-8859-1', v: 'é' });
    expect(parse('v=%E9')).toBeUndefined();
  });

  test('each part of a multipart form has its own', () => {
    const part = (name: string, type: string, value: string) =>
      `--b\r\nContent-Disposition: form-data; name="${name}"\r\nContent-Type: ${type}\r\n\r\n${value}\r\n`;
    const body = `${part('a', 'text/plain; charset=iso-8859-1', '\xe9')}${part('result[b]', 'text/plain', '\xc3\xa9')}--b--\r\n`;
    expect(parse(Buffer.from(body, 'latin1'), 'multipart/form-data; boundary=b')).toEqual({
      a: 'é',
      result: { b: 'é' },
    });
  });
});
