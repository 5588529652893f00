// Requests that only the leader can answer: they are about what it alone knows and does, and keeps in memory.

import { storeUnavailable } from '../response/problem.ts';

const OF_LEADER =
  /^https?:\/\/[^/]+\/(?:v1\/(?:reconciliations|pause|endpoints)(?:[/?]|$)|console\/(?:pause\/|endpoints)|$|\?)/;

/** Returns the response of a receiver that does not lead; null if every receiver can answer the request. */
export function onlyLeaderAnswers({ url }: Pick<Request, 'url'>): Response | null {
  if (!OF_LEADER.test(url)) return null;
  return storeUnavailable(
    'Another receiver leads, and only the leader answers this. Nothing was changed. Send it again later.',
  );
}
