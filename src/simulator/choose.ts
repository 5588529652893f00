// Chooses the script of an execution: by its inputs, otherwise by the rates, otherwise a plain callback.

import * as v from 'valibot';
import { isJsonObject, type Json, type JsonObject } from '../execution/json.ts';
import type { Dice } from './dice.ts';
import { type FateName, findFate } from './fates/catalogue.ts';
import type { SimulatorOptions } from './options.ts';
import { Dials, type Script } from './script.ts';

/** `inputs.simulate` is invalid; the message names the member. */
export class BadDials extends Error {
  override readonly name = 'BadDials';
}

type Choices = Pick<SimulatorOptions, 'rates' | 'latencyMs' | 'jitterMs' | 'runMs' | 'runJitterMs'>;

/** Returns the complete script. `name` is the one under which the dice roll. @throws {BadDials} */
export function chooseScript(inputs: JsonObject, name: string, options: Choices, dice: Dice): Script {
  const dials = readDials(inputs['simulate']);
  const fateName = dials.fate ?? rolledFate(options.rates, dice.roll('fate', name));
  const fate = findFate(fateName);
  if (fate === undefined) throw new BadDials(`inputs.simulate.fate: there is no fate ${JSON.stringify(fateName)}`);
  const plain: Script = {
    fate: fateName,
    latencyMs: Math.round(options.latencyMs + options.jitterMs * dice.roll('latency', name)),
    runMs: Math.round(options.runMs + options.runJitterMs * dice.roll('run', name)),
    outcome: 'completed',
    word: null,
    result: undefined,
    error: { code: 'SIMULATED_FAILURE', message: 'the action failed, as its fate says' },
    resultBytes: 0,
    idType: 'text',
    idPrefix: '',
    sticky: false,
    submits: [{ answer: 200 }],
    callbacks: [{}],
    polls: ['truth'],
  };
  return { ...plain, ...(fate.script as Partial<Script>), ...(dials as Partial<Script>) };
}

function readDials(simulate: Json | undefined): Dials {
  if (simulate === undefined) return {};
  if (typeof simulate === 'string') return { fate: simulate };
  if (!isJsonObject(simulate)) throw new BadDials('inputs.simulate: expected the name of a fate or an object of dials');
  const read = v.safeParse(Dials, simulate);
  if (read.success) return read.output;
  const [issue] = read.issues;
  const path = v.getDotPath(issue);
  throw new BadDials(`inputs.simulate${path === null ? '' : `.${path}`}: ${issue.message}`);
}

function rolledFate(rates: Choices['rates'], chance: number): FateName {
  let upTo = 0;
  for (const [fate, rate] of Object.entries(rates) as [FateName, number][]) {
    upTo += rate;
    if (chance < upTo) return fate;
  }
  return 'callback';
}
