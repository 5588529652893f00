// `audit verify`: walks the trail, holds it against heads that were kept elsewhere, and says what is wrong first.

import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { readVariable } from '../../config/config.ts';
import { readHeads, type SignedHead } from '../../store/signed-head.ts';
import { openReadOnly } from '../../store/sqlite/file/open-readonly.ts';
import { type Verification, verifyAudit } from '../../store/sqlite/verify/verify.ts';
import { type Action, type CommandContext, CommandUsage, readFlags } from '../context.ts';
import { grouped, type Line, printLines, showProgress } from '../print.ts';

const FLAGS = { head: { type: 'string', multiple: true }, json: { type: 'boolean', default: false } } as const;

/** What a text must contain to be worth reading for heads. */
const MARK = 'audit-head v1 ';

interface Report extends Verification {
  readonly path: string;
  readonly signed: readonly SignedHead[];
  readonly milliseconds: number;
}

export const auditVerify: Action = {
  help: `Usage: npm run audit -- verify [PATH] [--head LINE|FILE]... [--json]

Walks the hash chain of the audit trail and compares rows and kept callback bodies with it; names the first entry that was
altered, removed, inserted or reordered. Run it as the user that the receiver runs as.

  PATH     the database to look at; DATABASE_PATH unless said
  --head   a signed line, or a file with such lines in it (a log): a tail that was cut off, or a chain that was rewritten
           as a whole, shows only against them. Repeatable. Signatures are checked with CALLBACK_SECRET; lines from
           before a rotation need the old secret behind the new one: CALLBACK_SECRET=new,old
  --json   one JSON document instead of lines

Exit code: 0 all as it was written, 1 something was changed, 2 it could not be checked.

  npm run audit -- verify
  npm run audit -- verify /backups/receiver.db --head /var/log/receiver.log
`,
  run: verify,
};

async function verify(args: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readFlags(args, FLAGS, 1);
  const variables = context.env();
  const path = positionals[0] ?? readVariable(variables, 'DATABASE_PATH');
  const signed = values.head === undefined ? [] : await signedHeads(values.head, variables);
  const client = openReadOnly(path);
  const progress = showProgress('verifying', context);
  const begun = performance.now();
  try {
    const heads = signed.filter(({ signature }) => signature === 'good');
    const verification = verifyAudit(client, { heads, progress: progress.at });
    progress.done();
    const report = { ...verification, path, signed, milliseconds: Math.round(performance.now() - begun) };
    const code = exitCode(report);
    if (values.json) context.write(`${JSON.stringify({ ok: code === 0, ...report })}\n`);
    else printLines(linesOf(report), context);
    return code;
  } finally {
    client.close();
  }
}

async function signedHeads(
  given: readonly string[],
  variables: Readonly<Record<string, string | undefined>>,
): Promise<SignedHead[]> {
  const secrets = readVariable(variables, 'CALLBACK_SECRET');
  const heads: SignedHead[] = [];
  for (const one of given) {
    const before = heads.length;
    for await (const line of linesIn(one)) if (line.includes(MARK)) heads.push(...readHeads(secrets, line));
    if (heads.length === before) throw new CommandUsage(`--head: "${one.slice(0, 80)}" has no audit head in it`);
  }
  return heads;
}

/** Logs may be larger than memory. */
function linesIn(given: string): AsyncIterable<string> | string[] {
  if (given.includes(MARK)) return [given];
  if (!existsSync(given)) throw new CommandUsage(`--head: "${given}" is neither an audit head nor a file`);
  return createInterface({ input: createReadStream(given, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY });
}

function exitCode({ findings, heads, signed }: Report): number {
  if (findings.length > 0) return 1;
  if (signed.some(({ signature }) => signature === 'bad')) return 2;
  return signed.length > 0 && !heads.some(({ verdict }) => verdict === 'agrees') ? 2 : 0;
}

function linesOf(report: Report): Line[] {
  const { findings, entries, prunedThrough, head, milliseconds } = report;
  const took = `${grouped(entries)} entries in ${(milliseconds / 1000).toFixed(1)} s`;
  const pruned = prunedThrough === 0 ? '' : `, pruned through entry ${prunedThrough}`;
  const broken = findings.find(({ kind }) => kind !== 'row' && kind !== 'body');
  const beside = findings.filter(({ kind }) => kind === 'row' || kind === 'body');
  const held = head.id === prunedThrough ? 'holds nowhere' : `holds from entry ${prunedThrough + 1} to ${head.id}`;
  return [
    { name: 'file', level: 'ok', message: `${report.path}: ${took}${pruned}` },
    broken === undefined
      ? { name: 'chain', level: 'ok', message: entries === 0 ? 'has no entries' : `${held}, hash ${head.hash}` }
      : { name: 'chain', level: 'fail', message: `${broken.message}; it ${held}` },
    ...beside.map(({ kind, message }): Line => ({ name: kind, level: 'fail', message })),
    ...(beside.length === 0 && broken === undefined
      ? [
          {
            name: 'rows',
            level: 'ok',
            message: 'agree with their trails, as do the callback bodies that were kept',
          } as const,
        ]
      : []),
    ...headLines(report),
  ];
}

function headLines({ signed, heads }: Report): Line[] {
  const name = 'heads';
  if (signed.length === 0) {
    const message = 'none given: a tail that was cut off, or a chain rewritten as a whole, would not show (--head)';
    return [{ name, level: 'warn', message }];
  }
  const lines: Line[] = [];
  const count = (verdict: string) => heads.filter((one) => one.verdict === verdict).length;
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
  if (forged.length > 0) lines.push({ name, level: 'fail', message: `the signature does not hold: entry ${ids}` });
  if (count('pruned') > 0) lines.push({ name, level: 'warn', message: `${count('pruned')} are of pruned entries` });
  return lines;
}
