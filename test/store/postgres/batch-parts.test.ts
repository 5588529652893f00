// A batch that is not atomic is several commits on PostgreSQL, of which some may be committed and others not.

import { expect, test } from 'vitest';
import { StoreUnavailable } from '../../../src/store/port.ts';
import { createIntake } from '../../../src/store/postgres/executions/intake.ts';
import type { Writer } from '../../../src/store/postgres/group-commit.ts';
import { anExecution } from '../../support/executions.ts';

const submission = () => ({ execution: anExecution(), fingerprint: 'print', queueCapacity: 100 });

/** Each outcome is that of one submission; an error: it was not committed. */
function intakeOf(outcomes: readonly unknown[]) {
  const rest = outcomes.values();
  const mutate = async () => {
    const { value } = rest.next();
    if (value instanceof Error) throw value;
    return value;
  };
  const unused = () => Promise.reject(new Error('not to be asked'));
  const { addAll } = createIntake({
    writer: { mutate: mutate as Writer['mutate'], mutateAll: unused },
    ...{ find: unused, findByReference: unused, movedSince: () => () => 0 },
  });
  return () => addAll(outcomes.map(submission), false);
}

const added = { outcome: 'added' };
const gone = new StoreUnavailable('the connection was lost before the commit');

test('states which submissions are accepted, and that the others were not stored', async () => {
  expect(await intakeOf([added, gone, added])()).toEqual([added, { outcome: 'unavailable' }, added]);
});

test('is unavailable as a whole if nothing was committed, and fails by any other error', async () => {
  await expect(intakeOf([gone, gone])()).rejects.toBe(gone);
  const fault = new Error('a fault');
  await expect(intakeOf([added, gone, fault])()).rejects.toBe(fault);
});
