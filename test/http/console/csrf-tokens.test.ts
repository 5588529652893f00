// Tokens of forms: good for the one they were made for, for half a day, over restarts and rotations.

import { expect, test } from 'vitest';
import { createCsrfTokens } from '../../../src/http/console/csrf-tokens.ts';
import { createManualWorld } from '../../support/manual-world.ts';

const OLD = 'an old secret of thirty-two characters';
const NEW = 'a new secret of thirty-two characters.';

test('a token is valid for its operator only', () => {
  const world = createManualWorld();
  const tokens = createCsrfTokens([OLD], world);
  const token = tokens.mint('operator:alice');
  expect(tokens.issuedAt('operator:alice', token)).toBe(world.now());
  expect(tokens.issuedAt('operator:bob', token)).toBeNull();
  for (const forged of ['', 'x', token.slice(0, -1), `1${token}`, token.replace('.', '..')]) {
    expect(tokens.issuedAt('operator:alice', forged)).toBeNull();
  }
});

test('it is good for twelve hours, also after a restart and while the secret is replaced', async () => {
  const world = createManualWorld();
  const token = createCsrfTokens([OLD], world).mint('operator:alice');
  const issued = world.now();
  const rotated = createCsrfTokens([NEW, OLD], world);
  await world.advance(12 * 60 * 60 * 1000);
  expect(rotated.issuedAt('operator:alice', token)).toBe(issued);
  await world.advance(1);
  expect(rotated.issuedAt('operator:alice', token)).toBeNull();
  expect(
    createCsrfTokens([NEW], world).issuedAt('operator:alice', createCsrfTokens([OLD], world).mint('operator:alice')),
  ).toBeNull();
});
