// Port to the thread that compares large submissions with others.

import type { AcceptedSubmission } from '../store/intake-port.ts';
import {
  fingerprintOf,
  fingerprintsOfVersion010,
  invalidFingerprintsOfVersion010,
  isRepeatOfVersion010,
} from './fingerprint.ts';
import type { BatchItem, SubmissionRequest } from './submission-request.ts';

export interface LargeSubmissions {
  fingerprint(request: SubmissionRequest): Promise<string>;
  isRepeatOfVersion010(request: SubmissionRequest, accepted: AcceptedSubmission): Promise<boolean>;
  fingerprintsOfVersion010(
    items: readonly BatchItem[],
  ): Promise<readonly (readonly [written: string, doubles: string])[]>;
}

/** The same without a thread. */
export const WITHOUT_THREAD: LargeSubmissions = {
  fingerprint: async (request) => fingerprintOf(request),
  isRepeatOfVersion010: async (...compared) => isRepeatOfVersion010(...compared),
  fingerprintsOfVersion010: async (items) =>
    items.map((item) =>
      item.type === 'submission' ? fingerprintsOfVersion010(item.request) : invalidFingerprintsOfVersion010(item.sent),
    ),
};
