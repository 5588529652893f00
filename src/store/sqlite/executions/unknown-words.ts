// Counts the status words that no profile lists, and the executions that timed out under them.

import type { Database } from 'better-sqlite3';
import type { ExecutionEvent } from '../../../execution/event.ts';
import type { Execution } from '../../../execution/execution.ts';
import { unknownWordIn } from '../../../execution/report-detail.ts';
import { normalizeStatusWord } from '../../../execution/status-word.ts';
import { isoTime } from '../../../lib/time.ts';
import { MAX_UNKNOWN_WORDS, OTHER_WORDS, type UnknownWord } from '../../statistics-port.ts';

interface WordRow extends Omit<UnknownWord, 'firstAt' | 'lastAt'> {
  readonly firstAt: string;
  readonly lastAt: string;
}

const SELECT = `SELECT spelling AS word, first_at AS firstAt, last_at AS lastAt, reports, timeouts FROM unknown_status_words`;

const COUNT = `
INSERT INTO unknown_status_words (word, spelling, first_at, last_at, reports, timeouts)
VALUES (@word, @spelling, @at, @at, @reports, @timeouts)
ON CONFLICT (word) DO UPDATE SET last_at = iif(excluded.reports > 0, max(last_at, excluded.last_at), last_at),
  reports = reports + excluded.reports, timeouts = timeouts + excluded.timeouts`;

export function createUnknownWords(client: Database) {
  const counted = client.prepare<[{ word: string }], 0 | 1>(
    `SELECT EXISTS (SELECT 1 FROM unknown_status_words WHERE word = @word)
      OR (SELECT count(*) FROM unknown_status_words) < ${MAX_UNKNOWN_WORDS}`,
  );
  counted.pluck();
  const count = client.prepare<[object]>(COUNT);
  const ofWord = client.prepare<[string], WordRow>(`${SELECT} WHERE word = ?`);
  const countOneLess = client.prepare<[string]>('UPDATE unknown_status_words SET reports = reports - 1 WHERE word = ?');
  const remove = client.prepare<[string]>('DELETE FROM unknown_status_words WHERE word = ?');
  const all = client.prepare<[], WordRow>(`${SELECT} ORDER BY timeouts DESC, last_at DESC`);

  function add(spelling: string, now: number, increments: { reports: number; timeouts: number }): void {
    const word = normalizeStatusWord(spelling);
    const key = counted.get({ word }) === 1 ? { word, spelling } : { word: OTHER_WORDS, spelling: OTHER_WORDS };
    count.run({ ...key, ...increments, at: isoTime(now) });
  }

  return {
    /** Counts an event and its effect, in the transaction that records it. */
    count: (event: ExecutionEvent, after: Execution, isEnd: boolean, now: number): void => {
      if (after.erasedAt !== null) return;
      const reported = unknownWordIn(event);
      if (reported !== null) add(reported, now, { reports: 1, timeouts: 0 });
      const timedOut = isEnd && after.status === 'TIMEOUT';
      if (timedOut && after.unknownWord !== null) add(after.unknownWord, now, { reports: 0, timeouts: 1 });
    },
    /** Counts a report under the other words. A word leaves the table with its last report. */
    uncount: (spelling: string, now: number): void => {
      const word = normalizeStatusWord(spelling);
      const row = ofWord.get(word);
      if (row === undefined) return;
      const isLast = row.reports <= 1;
      (isLast ? remove : countOneLess).run(word);
      const others = { word: OTHER_WORDS, spelling: OTHER_WORDS };
      count.run({ ...others, at: isoTime(now), reports: 1, timeouts: isLast ? row.timeouts : 0 });
    },
    list: (): UnknownWord[] =>
      all.all().map((row) => ({ ...row, firstAt: Date.parse(row.firstAt), lastAt: Date.parse(row.lastAt) })),
  };
}
