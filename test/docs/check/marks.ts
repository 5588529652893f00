// The marks of a page: comments that state how a command differs from one that simply runs.

export const MARKS = `<!-- not run: reason -->, <!-- exit code 1: reason -->, <!-- exit code 0 or 1: reason -->, <!-- with a receiver --> or <!-- without a receiver -->; in front of a
block, (beginning) after the first words chooses lines: <!-- not run (systemctl): reason -->`;

export interface Mark {
  readonly kind: 'not run' | 'exit code' | 'with a receiver' | 'without a receiver';
  readonly exitCodes: readonly number[];
  /** The beginning of the lines that it is about; empty for all of them. */
  readonly beginning: string;
  readonly reason: string;
}

const MARK =
  /^<!-- (?<words>not run|exit code (?<codes>\d+(?: or \d+)*)|with a receiver|without a receiver)(?: \((?<beginning>[^)]+)\))?(?:: (?<reason>\S[^>]*?))? -->$/;
const LOOKS_LIKE_A_MARK = /^<!--\s*(?:not|exit|with|without|skip)\b/i;

/** @returns null for another comment. @throws {Error} for a mark that is not in one of the forms. */
export function markIn(comment: string): Mark | null {
  if (!LOOKS_LIKE_A_MARK.test(comment)) return null;
  const {
    words = '',
    codes = '0',
    beginning = '',
    reason = '',
  } = MARK.exec(comment.replaceAll(/\s+/g, ' ').trim())?.groups ?? {};
  const kind = words.replace(/ \d.*$/, '') as Mark['kind'];
  const needsReason = kind === 'not run' || kind === 'exit code';
  if (words === '' || needsReason !== (reason !== '')) throw new Error(`this is not a mark. The marks are ${MARKS}`);
  return { kind, exitCodes: codes.split(' or ').map(Number), beginning, reason };
}

export const looksLikeMark = (comment: string): boolean => LOOKS_LIKE_A_MARK.test(comment);
