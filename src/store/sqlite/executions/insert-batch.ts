// Adds the submissions of a batch: in one commit, or in several if their payloads are long, so that callbacks are committed in between.

import { LargeJson } from '../../../execution/json.ts';
import { type BatchAddResult, BatchRefused, type ExecutionIntake, type NewExecution } from '../../intake-port.ts';
import type { Change } from '../../port.ts';
import { committedParts } from '../../shared/committed-parts.ts';
import type { Mutation, Writer } from '../group-commit.ts';

/** Bytes of payloads that one commit of a batch has, about. */
const MAX_PART_BYTES = 256 * 1024;

const UNAVAILABLE: BatchAddResult = { outcome: 'unavailable' };

type Work = (submissions: readonly NewExecution[], together: boolean) => Mutation<BatchAddResult[], Change>;

/** @param addAll adds submissions inside a transaction. @throws {BatchRefused} if they are added together, and one is refused */
export function createBatchInsertion(writer: Pick<Writer<Change>, 'mutate'>, addAll: Work): ExecutionIntake['addAll'] {
  async function addTogether(submissions: readonly NewExecution[]): Promise<BatchAddResult[]> {
    const bytes = sumOf(submissions.map(bytesOf));
    try {
      const options = { weight: submissions.length, bytes, expectRollback: true };
      return await writer.mutate(() => addAll(submissions, true), options);
    } catch (error) {
      if (error instanceof BatchRefused) return error.outcomes;
      throw error;
    }
  }

  /** @throws {StoreUnavailable} if nothing was committed. */
  async function addEach(submissions: readonly NewExecution[]): Promise<BatchAddResult[]> {
    // promise: long-batch-is-several-commits
    const parts = partsOf(submissions);
    const settled = await Promise.allSettled(
      parts.map(({ submissions: part, bytes }) =>
        writer.mutate(() => addAll(part, false), { weight: part.length, bytes }),
      ),
    );
    return committedParts(settled, (index) => (parts[index]?.submissions ?? []).map(() => UNAVAILABLE)).flat();
  }

  return (submissions, together) => (together ? addTogether(submissions) : addEach(submissions));
}

interface Part {
  readonly submissions: NewExecution[];
  readonly bytes: number;
}

/** Divides a batch into parts of bounded size, in its order: one part, unless it is long. */
function partsOf(submissions: readonly NewExecution[]): Part[] {
  const parts: { submissions: NewExecution[]; bytes: number }[] = [];
  for (const submission of submissions) {
    const bytes = bytesOf(submission);
    const last = parts.at(-1);
    if (last === undefined || last.bytes + bytes > MAX_PART_BYTES) parts.push({ submissions: [submission], bytes });
    else {
      last.submissions.push(submission);
      last.bytes += bytes;
    }
  }
  // Short parts would be committed before the long ones.
  return parts.length === 1 ? parts : parts.map((part) => ({ ...part, bytes: Math.max(1, part.bytes) }));
}

/** Returns the length of the payload if it is long, and 0 otherwise. */
export function bytesOf({ execution: { inputs, context } }: NewExecution): number {
  return sumOf([inputs, context].map((json) => (LargeJson.is(json) ? json.text.length : 0)));
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0);
}
