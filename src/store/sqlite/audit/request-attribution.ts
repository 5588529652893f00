// A commit holds what many requests changed: each change is told with the request that it was made for.

import { currentRequest } from '../../../lib/request-context.ts';
import type { Change } from '../../port.ts';
import type { Writer } from '../group-commit.ts';

export function withRequestId(writer: Writer<Change>): Writer<Change> {
  return {
    close: writer.close,
    mutate: (work, manner) => {
      // Asked for here: by the time of the commit whoever came first stands for all.
      const requestId = currentRequest()?.id;
      if (requestId === undefined) return writer.mutate(work, manner);
      return writer.mutate(() => {
        const { value, changes } = work();
        // promise: log-names-own-request
        return { value, changes: changes.map((change) => ({ ...change, requestId })) };
      }, manner);
    },
  };
}
