// What `demo --serve` prints at its end: a first user opens these addresses with this key.

import { expect, test } from 'vitest';
import { invitation } from '../../src/demo/report.ts';

const [receiverUrl, simulatorUrl] = ['http://127.0.0.1:40001', 'http://127.0.0.1:40002'];
const keys = { app: 'key-of-the-app-0123', operator: 'key-of-the-operator-0123' };
const text = invitation({ receiverUrl, simulatorUrl, keys });

test('the last three lines are the addresses of the page, the API and the simulator', () => {
  const addresses = text
    .trimEnd()
    .split('\n')
    .slice(-3)
    .map((line) => line.trim().split(' ')[0]);
  expect(addresses).toEqual([`${receiverUrl}/console/login`, `${receiverUrl}/docs`, `${simulatorUrl}/simulator`]);
});

test('the operator key is on the line above them', () => {
  expect(text).toMatch(/^The operator key for the pages: key-of-the-operator-0123$/m);
  expect(text.indexOf('The operator key')).toBeLessThan(text.indexOf('/console/login'));
});
