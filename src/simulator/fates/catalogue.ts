// The catalogue of fates: every simulated course of an execution, and its expected outcome.

import type { Fate } from '../fate.ts';
import { callbackFates } from './callbacks.ts';
import { pollFates } from './polls.ts';
import { submissionFates } from './submissions.ts';

const FATES = { ...callbackFates, ...submissionFates, ...pollFates };

export type FateName = keyof typeof FATES;

export interface CataloguedFate extends Fate {
  readonly fate: FateName;
}

export const catalogue: readonly CataloguedFate[] = (Object.keys(FATES) as FateName[]).map((fate) => ({
  fate,
  ...FATES[fate],
}));

const byName: ReadonlyMap<string, CataloguedFate> = new Map(catalogue.map((entry) => [entry.fate, entry]));

export function findFate(name: string): CataloguedFate | undefined {
  return byName.get(name);
}
