// The pauses of sending in the store in memory.

import type { Execution } from '../../src/execution/execution.ts';
import { holdsBack, isSameScope, type SendingPause, type SendingPauses } from '../../src/store/pauses-port.ts';

export function createMemoryPauses(operate: <T>(work: () => T) => Promise<T>, executions: () => readonly Execution[]) {
  let pauses: readonly SendingPause[] = [];
  const listeners: (() => void)[] = [];

  const counted = (pause: SendingPause) => {
    const queued = executions().filter((one) => one.status === 'QUEUED' && holdsBack(pause, one)).length;
    return { ...pause, queued };
  };

  const port: SendingPauses = {
    pauseSending: (pause) =>
      operate(() => {
        const known = pauses.find((one) => isSameScope(one, pause));
        if (known === undefined) pauses = [...pauses, pause];
        return { isNew: known === undefined, pause: counted(known ?? pause) };
      }),
    resumeSending: async (scope) => {
      const ended = await operate(() => {
        const pause = pauses.find((one) => isSameScope(one, scope));
        pauses = pauses.filter((one) => one !== pause);
        return pause === undefined ? null : counted(pause);
      });
      if (ended !== null) for (const listener of listeners) listener();
      return ended;
    },
    sendingPauses: () => operate(() => pauses.map(counted)),
    watchResumes: (listener) => void listeners.push(listener),
  };
  return { port, isPaused: (execution: Execution) => pauses.some((pause) => holdsBack(pause, execution)) };
}
