// Adds submissions to the store, and recognises those that repeat a submission of version 0.1.0.

import { LargeJson } from '../execution/json.ts';
import type {
  AcceptedSubmission,
  AddResult,
  BatchAddResult,
  ExecutionIntake,
  NewExecution,
} from '../store/intake-port.ts';
import { isRepeatOfVersion010 } from './fingerprint.ts';
import type { LargeSubmissions } from './large-submissions.ts';
import type { SubmissionRequest } from './submission-request.ts';

interface Submitted {
  readonly submission: NewExecution;
  readonly request: SubmissionRequest;
}

interface Pending {
  readonly submission: NewExecution;
  /** Returns the submission for a second transaction if it is a repeat that the first one did not recognise; else null. */
  confirmed(): Promise<NewExecution | null>;
}

export function createAddition(store: ExecutionIntake, large: LargeSubmissions) {
  /** Large submissions are compared after the transaction, which would hold up all others. */
  function pending({ submission, request }: Submitted): Pending {
    if (!LargeJson.is(request.inputs) && !LargeJson.is(request.context)) {
      const isRepeatOfEarlierVersion = (accepted: AcceptedSubmission) => isRepeatOfVersion010(request, accepted);
      return { submission: { ...submission, isRepeatOfEarlierVersion }, confirmed: async () => null };
    }
    const others: AcceptedSubmission[] = [];
    const notYet = (accepted: AcceptedSubmission) => {
      others.push(accepted);
      return false;
    };
    return {
      submission: { ...submission, isRepeatOfEarlierVersion: notYet },
      confirmed: async () => {
        const other = others.at(-1);
        // promise: large-earlier-version-replays
        if (other === undefined || !(await large.isRepeatOfVersion010(request, other))) return null;
        return { ...submission, isRepeatOfEarlierVersion: ({ fingerprint }) => fingerprint === other.fingerprint };
      },
    };
  }

  return {
    one: async (submitted: Submitted): Promise<AddResult> => {
      const { submission, confirmed } = pending(submitted);
      const added = await store.add(submission);
      const repeat = await confirmed();
      return repeat === null ? added : store.add(repeat);
    },
    all: async (submitted: readonly Submitted[], atomic: boolean): Promise<BatchAddResult[]> => {
      const all = submitted.map(pending);
      const submissions = all.map(({ submission }) => submission);
      const added = await store.addAll(submissions, atomic);
      const confirmed = await Promise.all(all.map((one) => one.confirmed()));
      const repeats = confirmed.filter((one) => one !== null);
      if (repeats.length === 0) return added;
      // Nothing of an atomic batch was accepted.
      if (atomic)
        return store.addAll(
          submissions.map((one, index) => confirmed[index] ?? one),
          atomic,
        );
      const replayed = (await store.addAll(repeats, atomic)).values();
      return added.map((one, index) => (confirmed[index] === null ? one : (replayed.next().value ?? one)));
    },
  };
}
