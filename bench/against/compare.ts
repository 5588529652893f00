// The measures of `--against`: the present build and another revision in the same shuffled rounds, each row a ratio within rounds.

import { shuffle } from 'simple-statistics';
import * as latency from '../latency.ts';
import { type Measure, noiseNote, type Row, ratioOf, type Settings, spreadOf } from '../measure.ts';
import { measurePhase, type Phase, withPhase } from '../phase.ts';
import type { Sample, Setting } from '../rounds.ts';
import { type Contender, startBare, startReceiverAsContender } from '../servers/contenders.ts';
import * as throughput from '../throughput.ts';
import { startRevision } from './contender.ts';
import type { CheckedOut } from './revision.ts';

/** Rates and processor time. */
export function throughputBeside(revision: CheckedOut): Measure {
  return (settings) => compareThroughput(revision, settings, settings.quick ? throughput.QUICK : throughput.FULL);
}

/** Latency of callbacks, alone and at half the peak rate. */
export function latencyBeside(revision: CheckedOut): Measure {
  return (settings) => compareLatency(revision, settings, settings.quick ? latency.QUICK : latency.FULL);
}

export async function compareThroughput(
  revision: CheckedOut,
  settings: Settings,
  size: throughput.Size,
): Promise<readonly Row[]> {
  const phase = (name: string, slices: readonly Setting[], submits: boolean) =>
    measurePhase(settings, size, {
      ...{ name: `${name} beside ${revision.name}`, place: 'server', settings: slices, submits },
      contenders: async (ground, upstream) => [
        await startBare(ground),
        await startReceiverAsContender(ground, { upstream, submits }),
        await startRevision(revision, ground, { cache: settings.scratch, upstream, submits }),
      ],
    });
  const callbacks = await phase('callbacks', throughput.SETTINGS, false);
  const submissions = await phase('submissions', throughput.SUBMITTING, true);
  return [
    ...throughput.SETTINGS.flatMap((setting) => [
      ...rowsOf(callbacks, { what: 'callback', setting, revision }),
      ...sharesOf(callbacks, { what: 'callback', setting, revision }),
    ]),
    ...throughput.SUBMITTING.flatMap((setting) => [
      ...rowsOf(submissions, { what: 'submission', setting, revision }),
      ...sharesOf(submissions, { what: 'submission', setting, revision }),
    ]),
  ];
}

/** The share of the bare handler's rate that each side reaches. */
function sharesOf(samples: readonly Sample[], { what, setting, revision }: Comparison): Row[] {
  const share = { setting, beside: 'bare' } as const;
  return [
    throughput.ratioRow(samples, { what: `${what}s/s, ${setting.name}`, ...share }),
    throughput.ratioRow(samples, { what: `${revision.name}: ${what}s/s, ${setting.name}`, of: 'revision', ...share }),
  ];
}

interface Comparison {
  readonly what: string;
  readonly setting: Setting;
  readonly revision: CheckedOut;
}

/** The rate and the processor time per request. */
function rowsOf(samples: readonly Sample[], { what, setting, revision }: Comparison): Row[] {
  const of = (contender: Sample['contender']) =>
    samples.filter((sample) => sample.contender === contender && sample.setting === setting);
  const [ours, theirs] = [of('receiver'), of('revision')];
  const byRound = new Map(theirs.map((sample) => [sample.round, sample]));
  const ratio = (figure: 'perSecond' | 'cpuMicroseconds') =>
    ratioOf(
      ours.map((sample) => ({ ours: sample[figure], theirs: byRound.get(sample.round)?.[figure] ?? Number.NaN })),
    );
  const note = noiseNote('the bare handler', spreadOf(of('bare').map(({ perSecond }) => perSecond)));
  const common = { beside: revision.name, goal: null, unit: 'times', ...(note === undefined ? {} : { note }) };
  const context = { ...throughput.figuresOf('ours', ours), ...throughput.figuresOf('theirs', theirs) };
  return [
    { measure: `${what}s/s, ${setting.name}`, value: ratio('perSecond'), ...common, context },
    { measure: `CPU per ${what}, ${setting.name}`, value: ratio('cpuMicroseconds'), ...common },
  ];
}

export async function compareLatency(
  revision: CheckedOut,
  settings: Settings,
  size: latency.Size,
): Promise<readonly Row[]> {
  const contenders: Phase['contenders'] = async (ground, upstream) => [
    await startReceiverAsContender(ground, { upstream }),
    await startRevision(revision, ground, { cache: settings.scratch, upstream }),
  ];
  const phase: Phase = { place: 'server', open: size.open, submissions: null, contenders };
  return withPhase(settings, phase, async ({ contenders: receivers, load, file }) => {
    const { signal, log } = settings;
    const sides = receivers.map((receiver) => ({
      receiver,
      callbacks: latency.createCallbacks({ load, receiver, file: receiver.requests?.file ?? file, signal }),
    }));
    for (const { callbacks } of sides) await latency.warmUp(callbacks, size);
    const lone = await inTurns(sides, size.loneRounds, ({ callbacks }) =>
      callbacks.send(latency.ALONE, latency.LONE_SECONDS, size.loneCount),
    );
    log(`lone callbacks beside ${revision.name}: ${size.loneRounds} rounds`);
    // The same rate for both.
    const peaks: number[] = [];
    for (const { callbacks } of sides) peaks.push(await latency.peakOf(callbacks, size));
    const mode = latency.halfOf(Math.min(...peaks));
    const half = await inTurns(sides, size.halfRounds, ({ callbacks }) => callbacks.send(mode, size.seconds));
    log(`callbacks at half the peak beside ${revision.name}: ${size.halfRounds} rounds`);
    for (const { receiver, callbacks } of sides) await receiver.settle(callbacks.answered());
    return [
      latencyRow('p50 of a lone callback', lone, 'p50', revision),
      latencyRow('p99 of a lone callback', lone, 'p99', revision),
      latencyRow('p50 of a callback at half the lower peak rate', half, 'p50', revision),
      latencyRow('p99 of a callback at half the lower peak rate', half, 'p99', revision),
    ];
  });
}

interface Side {
  readonly receiver: Contender;
  readonly callbacks: latency.Callbacks;
}

interface Round {
  readonly ours: latency.Percentiles;
  readonly theirs: latency.Percentiles;
}

/** Each round measures both sides in random order. */
async function inTurns(
  sides: readonly Side[],
  rounds: number,
  send: (side: Side) => Promise<{ readonly latencies: Float64Array }>,
): Promise<Round[]> {
  const found: Round[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const of = new Map<string, latency.Percentiles>();
    for (const side of shuffle([...sides])) {
      of.set(side.receiver.name, latency.percentiles((await send(side)).latencies));
    }
    const [ours, theirs] = [of.get('receiver'), of.get('revision')];
    if (ours === undefined || theirs === undefined) throw new Error('a side of the comparison is missing');
    found.push({ ours, theirs });
  }
  return found;
}

function latencyRow(
  measure: string,
  rounds: readonly Round[],
  which: keyof latency.Percentiles,
  revision: CheckedOut,
): Row {
  const median = (side: keyof Round) => Number(spreadOf(rounds.map((round) => round[side][which])).median.toFixed(3));
  return {
    ...{ measure, beside: revision.name, goal: null, unit: 'times' },
    value: ratioOf(rounds.map(({ ours, theirs }) => ({ ours: ours[which], theirs: theirs[which] }))),
    context: {
      ...{ 'ours, ms': median('ours'), 'theirs, ms': median('theirs') },
      // The round that the rest of the machine disturbed least.
      'ours in the quietest round, ms': Number(Math.min(...rounds.map(({ ours }) => ours[which])).toFixed(3)),
    },
  };
}
