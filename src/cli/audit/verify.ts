// `audit verify`: verifies the hash chain and the rows, and compares them with signed heads.

import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { readVariable } from '../../config/config.ts';
import { many } from '../../lib/figures.ts';
import { readHeads, type SignedHead } from '../../store/signed-head.ts';
import type { Verification } from '../../store/verification.ts';
import { type CommandContext, CommandError, type Declare, type Variables } from '../context.ts';
import { withTrail } from '../database.ts';
import { collect, jsonOption, withHelp } from '../options.ts';
import { type Line, printLines, showProgress } from '../print.ts';
import { isExport } from './read-export.ts';
import { fileLines, verifyFiles } from './verify-files.ts';

/** Every line with an audit head contains this. */
const MARK = 'audit-head v1 ';

interface Report extends Verification {
  readonly path: string;
  readonly signed: readonly SignedHead[];
  readonly milliseconds: number;
}

export const auditVerify: Declare = (command, context) =>
  withHelp(command, {
    description: `Walks the hash chain of the audit trail, compares rows and stored callback bodies with it, and names
the first entry that was altered, removed, inserted or reordered. Run it as the user of the receiver. With exports
(NDJSON of "audit export" or of RETENTION_EXPORT_DIR, compressed or not), verifies their chain, how they join, and their
manifests, without a database or with the one from which they were pruned.`,
    notes: `Only signed heads reveal a tail that was cut off, or a chain that was rewritten as a whole. Signatures are checked with
CALLBACK_SECRET. Lines from before a rotation need the old secret after the new one: CALLBACK_SECRET=new,old.`,
    exitCodes: '0 the trail is as it was written, 1 a change was found, 2 the trail could not be verified',
    examples: [
      'npm run -s audit -- verify',
      'npm run -s audit -- verify /backups/receiver.db --head /var/log/receiver.log',
      'npm run -s audit -- verify exports/audit-*.ndjson.gz data/receiver.db',
    ],
  })
    .argument('[path...]', 'the database, instead of the configured one; or exports, and at most one database')
    .option('--head <line|file>', 'a signed head, or a file (a log) that contains heads; repeatable', collect)
    .addOption(jsonOption)
    .action((paths, options) =>
      paths.length > 1 || paths.some(isExport)
        ? verifyExports(paths, options, context)
        : verify(paths[0], options, context),
    );

interface Options {
  readonly head?: readonly string[] | undefined;
  readonly json?: true | undefined;
}

async function verify(given: string | undefined, { head, json }: Options, context: CommandContext): Promise<void> {
  const signed = head === undefined ? [] : await signedHeads(head, context.env());
  const heads = signed.filter(({ signature }) => signature === 'good');
  const begun = performance.now();
  const verified = await withTrail(context, given, async (trail) => {
    const progress = showProgress('verifying', context);
    const verification = await trail.verify({ heads, progress: progress.at });
    progress.done();
    return { ...verification, path: trail.name };
  });
  const report = { ...verified, signed, milliseconds: Math.round(performance.now() - begun) };
  const verdict = verdictOf(report);
  if (json) context.write(`${JSON.stringify({ ok: verdict === 'intact', ...report })}\n`);
  else printLines(linesOf(report), context);
  if (verdict === 'changed') context.exitCode = 1;
  if (verdict === 'unknown') throw new CommandError('The trail could not be verified against the signed heads.');
}

async function verifyExports(
  paths: readonly string[],
  { head, json }: Options,
  context: CommandContext,
): Promise<void> {
  const signed = head === undefined ? [] : await signedHeads(head, context.env());
  const report = await verifyFiles(paths, signed, context);
  const { findings, unconfirmed, notes, heads, files } = report;
  const isForged = signed.some(({ signature }) => signature === 'bad');
  const isAnchored = signed.length === 0 || heads.some(({ verdict }) => verdict === 'agrees');
  const isWhole = unconfirmed.length + notes.length === 0 && files.every(({ masked }) => masked === 0);
  const isCompared = files.some(({ isChained }) => isChained) || files.every(({ manifest }) => manifest === 'agrees');
  const isVerified = !isForged && isAnchored && isWhole && isCompared;
  if (json) context.write(`${JSON.stringify({ ok: findings.length === 0 && isVerified, ...report, signed })}\n`);
  else printLines([...fileLines(report), ...headLines({ signed, heads })], context);
  if (findings.length > 0) context.exitCode = 1;
  else if (!isVerified) throw new CommandError('Not everything in the files could be verified.');
}

async function signedHeads(given: readonly string[], variables: Variables): Promise<SignedHead[]> {
  const secrets = readVariable(variables, 'CALLBACK_SECRET');
  const heads: SignedHead[] = [];
  for (const source of given) {
    const before = heads.length;
    for await (const line of linesIn(source)) if (line.includes(MARK)) heads.push(...readHeads(secrets, line));
    if (heads.length === before) throw new CommandError(`--head: "${source.slice(0, 80)}" contains no audit head`);
  }
  return heads;
}

/** Streams a file, because logs may be larger than memory. */
function linesIn(given: string): AsyncIterable<string> | string[] {
  if (given.includes(MARK)) return [given];
  if (!existsSync(given)) throw new CommandError(`--head: "${given}" is neither an audit head nor a file`);
  return createInterface({ input: createReadStream(given, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY });
}

function verdictOf({ findings, heads, signed }: Report): 'intact' | 'changed' | 'unknown' {
  if (findings.length > 0) return 'changed';
  if (signed.some(({ signature }) => signature === 'bad')) return 'unknown';
  return signed.length > 0 && !heads.some(({ verdict }) => verdict === 'agrees' || verdict === 'lost')
    ? 'unknown'
    : 'intact';
}

function linesOf(report: Report): Line[] {
  const { findings, entries, prunedThrough, head, milliseconds } = report;
  const took = `${many(entries, 'entry')} in ${(milliseconds / 1000).toFixed(1)} s`;
  const pruned = prunedThrough === 0 ? '' : `, pruned through entry ${prunedThrough}`;
  const broken = findings.find(({ kind }) => kind !== 'row' && kind !== 'body');
  const rowFindings = findings.filter(({ kind }) => kind === 'row' || kind === 'body');
  const held = head.id === prunedThrough ? 'holds for no entry' : `holds from entry ${prunedThrough + 1} to ${head.id}`;
  return [
    { name: 'file', level: 'ok', message: `${report.path}: ${took}${pruned}` },
    ...report.gaps.map(gapLine),
    broken === undefined
      ? { name: 'chain', level: 'ok', message: entries === 0 ? 'has no entries' : `${held}, hash ${head.hash}` }
      : { name: 'chain', level: 'fail', message: `${broken.message}; it ${held}` },
    ...rowFindings.map(({ kind, message }): Line => ({ name: kind, level: 'fail', message })),
    ...(rowFindings.length === 0 && broken === undefined
      ? [
          {
            name: 'rows',
            level: 'ok',
            message: 'agree with the trail, as do the stored callback bodies',
          } as const,
        ]
      : []),
    ...headLines(report),
  ];
}

function gapLine({ after, next, restoredAt }: Report['gaps'][number]): Line {
  const when = new Date(restoredAt).toISOString();
  const message = `restored from an older copy at ${when}: after entry ${after}, ids continue at ${next}`;
  return { name: 'restore', level: 'warn', message };
}

function headLines({ signed, heads }: Pick<Report, 'signed' | 'heads'>): Line[] {
  const name = 'heads';
  if (signed.length === 0) {
    const message = 'none given (--head): a tail that was cut off, or a chain rewritten as a whole, would not be found';
    return [{ name, level: 'warn', message }];
  }
  const lines: Line[] = [];
  const count = (verdict: string) => heads.filter((head) => head.verdict === verdict).length;
  const newest = heads.findLast(({ verdict }) => verdict === 'agrees');
  const wrong = count('differs') + count('missing');
  const agreeing = `${count('agrees')} of ${signed.length} agree`;
  if (newest === undefined) lines.push({ name, level: wrong > 0 ? 'fail' : 'warn', message: agreeing });
  else {
    const at = signed.find(({ id, hash }) => id === newest.id && hash === newest.hash)?.at;
    const message = `${agreeing}, the newest of them entry ${newest.id}, signed ${at}`;
    lines.push({ name, level: wrong > 0 ? 'fail' : 'ok', message });
  }
  const other = [...new Set(signed.filter(({ signature }) => signature === 'unknown key').map(({ key }) => key))];
  const message = `signed with another secret (key ${other.join(', ')}): CALLBACK_SECRET=new,old`;
  if (other.length > 0) lines.push({ name, level: 'warn', message });
  const forged = signed.filter(({ signature }) => signature === 'bad');
  const ids = forged.map(({ id }) => id).join(', ');
  if (forged.length > 0) lines.push({ name, level: 'fail', message: `the signature is invalid: entry ${ids}` });
  if (count('lost') > 0) {
    const message = `${count('lost')} refer to entries that a restore from an older copy lost`;
    lines.push({ name, level: 'warn', message });
  }
  if (count('unchecked') > 0) {
    lines.push({ name, level: 'warn', message: `${count('unchecked')} refer to later entries` });
  }
  if (count('pruned') > 0) lines.push({ name, level: 'warn', message: `${count('pruned')} refer to pruned entries` });
  return lines;
}
