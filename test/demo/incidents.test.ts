// What the demo prints about incidents: the beginning and the end of each, once.

import { expect, test } from 'vitest';
import { followIncidents, incidentPrinter, type ShownIncident } from '../../src/demo/incidents.ts';

const FAILS: ShownIncident = {
  ...{ id: '1', severity: 'critical', problem: 'CXone answers 503', actions: ['never-taken'] },
  ...{ startedAt: '2026-01-31T12:00:00.000Z', endedAt: null, affected: 3, total: 4 },
};

function setUp() {
  const printed: string[] = [];
  const shown: ShownIncident[] = [];
  const print = incidentPrinter({ incidents: async () => shown, out: { write: (text) => printed.push(text) } });
  return { printed, shown, print };
}

test('an incident is printed when it begins and when it ends, once each', async () => {
  const { printed, shown, print } = setUp();
  await print();
  shown.push(FAILS);
  await print();
  await print();
  expect(printed).toEqual([
    'Incident (critical) since 2026-01-31T12:00:00.000Z: CXone answers 503 (3 of 4, never-taken).\n',
  ]);
  shown[0] = { ...FAILS, endedAt: '2026-01-31T12:01:00.000Z' };
  await print('three addresses');
  await print('three addresses');
  expect(printed.slice(1)).toEqual([
    'Incident ended at 2026-01-31T12:01:00.000Z: CXone answers 503.\n',
    '\nthree addresses',
  ]);
});

test('changes are printed until the demo ends', async () => {
  const { printed, shown, print } = setUp();
  const end = new AbortController();
  let slept = 0;
  const sleep = async () => {
    slept += 1;
    if (slept === 1) shown.push(FAILS);
    if (slept === 3) end.abort();
  };
  await followIncidents(print, { sleep }, end.signal);
  expect([slept, printed.length]).toEqual([3, 1]);
});
