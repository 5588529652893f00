// Adds to each change the id of the HTTP request that caused it, since one commit holds the changes of many requests. The change of a
// request that is alone waits for no others.

import { currentRequest } from '../../../lib/request-context.ts';
import type { Change } from '../../port.ts';
import type { Writer } from '../group-commit.ts';

type Mutator = Pick<Writer<Change>, 'mutate' | 'close'>;

export function withRequestId({ close, mutate }: Mutator): Mutator {
  return {
    close,
    mutate: (work, options) => {
      // Read here: at commit time the context is that of the first request of the batch.
      const request = currentRequest();
      if (request === undefined) return mutate(work, options);
      const { id: requestId, isAlone = false } = request;
      return mutate(
        () => {
          const { value, changes } = work();
          // promise: log-names-own-request
          return { value, changes: changes.map((change) => ({ ...change, requestId })) };
        },
        { ...options, isAlone },
      );
    },
  };
}
