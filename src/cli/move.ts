// `move`: moves the database from a SQLite file to PostgreSQL, and back.

import { readVariable } from '../config/config.ts';
import { secretsInDatabaseUrl } from '../lib/database-url.ts';
import { many } from '../lib/figures.ts';
import { SILENT } from '../lib/log.ts';
import { MoveFailed, type MoveOptions, type MovePhase, type MoveReport } from '../store/move/report.ts';
import { type CommandContext, CommandError, type Declare } from './context.ts';
import { jsonOption, withHelp } from './options.ts';
import { printLines, showProgress } from './print.ts';

export const move: Declare = (command, context) =>
  withHelp(command, {
    description: `Moves everything from a SQLite file to an empty PostgreSQL database: executions, the audit trail with
its hash chain, notifications that wait, pauses, incidents and statistics. Stop the receiver first. Callback URLs,
idempotency keys, cursors and Last-Event-ID stay valid. The copy is verified before it counts: same head, same rows, a
trail that holds.

The database then has everything, or nothing after an interruption: run the same command again. No receiver starts on
the file any more, and a start says where the data is. Without --from, the file is that of DATABASE_PATH; without --to,
the database is that of DATABASE_URL. With --from postgres://… and --to FILE, everything is moved back to a new file.`,
    notes:
      'Other users of the machine can read a password in the arguments of a command: set PGPASSWORD, or DATABASE_URL.',
    exitCodes: '0 done, 1 failed and nothing moved, unless the message says otherwise, 2 refused',
    examples: [
      'systemctl stop cxone-callback-receiver',
      'npm run -s move -- --to postgres://receiver@db.example.com/receiver?sslmode=verify-full',
      'npm run -s move -- --from postgres://receiver@db.example.com/receiver --to data/receiver.db',
    ],
  })
    .option('--from <place>', 'the SQLite file, or the URL of a PostgreSQL database')
    .option('--to <place>', 'the URL of a PostgreSQL database, or a new SQLite file')
    .option('--cancel', 'let receivers start on the file again, after a move that was interrupted and moved nothing')
    .addOption(jsonOption)
    .action(async ({ from, to, cancel = false, json }) => {
      const places = placesOf(from, to, context);
      const report = await run(places, cancel, context).catch((error: unknown) => {
        throw error instanceof MoveFailed ? new CommandError(sentence(error.message), 1) : error;
      });
      print(report, json === true, context);
    });

interface Places {
  readonly from: string;
  readonly to: string;
  readonly isToPostgres: boolean;
}

const IS_URL = /^postgres(?:ql)?:/i;

/** @throws {CommandError} unless one place is a file and the other one a PostgreSQL database. */
function placesOf(givenFrom: string | undefined, givenTo: string | undefined, context: CommandContext): Places {
  const env = context.env();
  const from = givenFrom ?? readVariable(env, 'DATABASE_PATH');
  const to = givenTo ?? readVariable(env, 'DATABASE_URL');
  if (to === undefined) throw new CommandError('Name the database with --to postgres://…, or set DATABASE_URL.');
  const isToPostgres = IS_URL.test(to);
  if (isToPostgres === IS_URL.test(from)) {
    const what = isToPostgres ? 'two PostgreSQL databases, which pg_dump copies' : 'two files, which "backup" copies';
    throw new CommandError(
      `A move is between a SQLite file and a PostgreSQL database, and --from and --to name ${what}.`,
    );
  }
  const url = isToPostgres ? to : from;
  const isArgument = url === (isToPostgres ? givenTo : givenFrom);
  if (isArgument && hasPassword(url)) {
    const remedy = 'set PGPASSWORD or DATABASE_URL instead, next time';
    context.writeError(
      `Other users of this machine can read the password in the arguments of this command: ${remedy}.\n`,
    );
  }
  return { from, to, isToPostgres };
}

function hasPassword(url: string): boolean {
  try {
    return secretsInDatabaseUrl(url).some((secret) => secret !== url);
  } catch (error) {
    throw new CommandError(`The URL of the database ${(error as TypeError).message}.`);
  }
}

/** Returns null for a move that was cancelled. */
async function run(places: Places, isCancel: boolean, context: CommandContext): Promise<MoveReport | null> {
  const { from, to, isToPostgres } = places;
  const mode = readVariable(context.env(), 'DATABASE_MODE');
  if (isCancel) {
    const { cancelMoveToFile, cancelMoveToPostgres } = await import('../store/move/cancel.ts');
    if (isToPostgres) await cancelMoveToPostgres(from, mode, to, SILENT);
    else await cancelMoveToFile(from, to, SILENT);
    return null;
  }
  const phases = showPhases(context);
  const options = { from, to, log: SILENT, progress: phases.at };
  try {
    if (isToPostgres) {
      const { moveToPostgres } = await import('../store/move/to-postgres.ts');
      return await moveToPostgres({ ...options, fromMode: mode, world: context.world });
    }
    const { moveToFile } = await import('../store/move/to-file.ts');
    return await moveToFile({ ...options, mode });
  } finally {
    phases.done();
  }
}

const UNITS: Readonly<Record<MovePhase, string>> = { copying: 'rows', verifying: 'entries', comparing: 'rows' };

function showPhases(context: CommandContext): { readonly at: MoveOptions['progress']; readonly done: () => void } {
  let shown: { readonly phase: MovePhase; readonly display: ReturnType<typeof showProgress> } | null = null;
  return {
    at: (phase, done, total) => {
      if (shown?.phase !== phase) {
        shown?.display.done();
        shown = { phase, display: showProgress(phase, context, UNITS[phase]) };
      }
      shown.display.at(done, total);
    },
    done: () => shown?.display.done(),
  };
}

function print(report: MoveReport | null, isJson: boolean, context: CommandContext): void {
  if (isJson) {
    context.write(`${JSON.stringify({ ok: true, ...(report ?? { cancelled: true }) })}\n`);
    return;
  }
  if (report === null) {
    context.write('cancelled: receivers start on the source again\n');
    return;
  }
  const { from, to, executions, open, entries, notifications, head, wasMoved, choices } = report;
  const counted = `${many(executions, 'execution')} (${open} open), ${many(entries, 'audit entry')} through ${head.id}, ${many(notifications, 'notification')}`;
  context.write(`${from} → ${to}: ${counted}, ${wasMoved ? 'moved earlier' : 'verified'}\n`);
  if (choices.length > 0) {
    printLines(
      choices.map((message) => ({ name: 'server', level: 'warn', message })),
      context,
    );
  }
  context.write(
    IS_URL.test(to)
      ? `next: set DATABASE_URL to that database, remove DATABASE_PATH, and start the receiver; keep ${from} until a backup of the database exists\n`
      : `next: set DATABASE_PATH=${to}, remove DATABASE_URL, and start the receiver\n`,
  );
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
