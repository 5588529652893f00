// The simulator's command line: flags in, options out, and a word for what is wrong.

import { parseArgs } from 'node:util';
import { DIALECT_NAMES, type DialectName, isDialectName } from './dialects.ts';
import { type FateName, findFate } from './fates/catalogue.ts';
import { DEFAULT_PORT } from './help.ts';
import type { SimulatorOptions } from './options.ts';

const FLAGS = {
  host: { type: 'string', default: '127.0.0.1' },
  port: { type: 'string', default: String(DEFAULT_PORT) },
  dialect: { type: 'string' },
  replay: { type: 'string' },
  seed: { type: 'string' },
  fate: { type: 'string', multiple: true },
  latency: { type: 'string' },
  jitter: { type: 'string' },
  run: { type: 'string' },
  'run-jitter': { type: 'string' },
  'rate-limit': { type: 'string' },
  'retry-after': { type: 'string' },
  'token-seconds': { type: 'string' },
  scope: { type: 'string' },
  'client-id': { type: 'string' },
  'client-secret': { type: 'string' },
  redeliver: { type: 'string' },
  quiet: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/** An option is wrong; the message names it. */
export class SimulatorUsage extends Error {
  override readonly name = 'SimulatorUsage';
}

export interface CommandLine {
  readonly help: boolean;
  readonly quiet: boolean;
  readonly host: string;
  readonly port: number;
  /** Path of a recording to answer by; null for none. */
  readonly replay: string | null;
  readonly options: Partial<SimulatorOptions>;
}

/** @throws {SimulatorUsage} */
export function readCommandLine(args: readonly string[]): CommandLine {
  const flags = parsed(args);
  const { help, quiet, host, replay = null } = flags;
  return { help, quiet, host, replay, port: wholeNumber('port', flags.port, 65_535), options: optionsOf(flags) };
}

type Flags = ReturnType<typeof parsed>;

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: FLAGS, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new SimulatorUsage(`${error instanceof Error ? error.message : String(error)}\nTry --help.`);
  }
}

function optionsOf(flags: Flags): Partial<SimulatorOptions> {
  const number = (flag: keyof Flags) => {
    const text = flags[flag];
    return typeof text === 'string' ? wholeNumber(flag, text, 86_400_000) : undefined;
  };
  return dropUndefined({
    dialect: dialectIn(flags.dialect),
    seed: flags.seed,
    rates: ratesOf(flags.fate ?? []),
    latencyMs: number('latency'),
    jitterMs: number('jitter'),
    runMs: number('run'),
    runJitterMs: number('run-jitter'),
    requestsPerSecond: number('rate-limit'),
    retryAfter: retryAfterOf(flags['retry-after']),
    tokenSeconds: number('token-seconds'),
    scope: flags.scope,
    clientId: flags['client-id'],
    clientSecret: flags['client-secret'],
    redeliveries: number('redeliver'),
  });
}

function dialectIn(name: string | undefined): DialectName | undefined {
  if (name === undefined || isDialectName(name)) return name;
  throw new SimulatorUsage(
    `--dialect: there is no dialect ${JSON.stringify(name)}; there are ${DIALECT_NAMES.join(', ')}`,
  );
}

function retryAfterOf(style: string | undefined): SimulatorOptions['retryAfter'] | undefined {
  if (style === undefined || style === 'seconds' || style === 'date') return style;
  throw new SimulatorUsage('--retry-after: expected seconds or date');
}

function ratesOf(shares: readonly string[]): SimulatorOptions['rates'] {
  const rates: { [F in FateName]?: number } = {};
  for (const share of shares) {
    const [name = '', text = ''] = share.split('=');
    const fate = findFate(name)?.fate;
    const rate = text.trim() === '' ? Number.NaN : Number(text);
    if (fate === undefined) throw new SimulatorUsage(`--fate: there is no fate ${JSON.stringify(name)}; see --help`);
    if (!(rate >= 0 && rate <= 1)) throw new SimulatorUsage(`--fate ${fate}: expected a share from 0 to 1`);
    rates[fate] = rate;
  }
  if (Object.values(rates).reduce((sum, rate) => sum + rate, 0) > 1) {
    throw new SimulatorUsage('--fate: the shares add up to more than 1');
  }
  return rates;
}

function wholeNumber(flag: string, text: string, max: number): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) > max) {
    throw new SimulatorUsage(`--${flag}: expected a whole number from 0 to ${max}`);
  }
  return Number(text);
}

type WithoutUndefined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function dropUndefined<T extends object>(object: T): WithoutUndefined<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as WithoutUndefined<T>;
}
