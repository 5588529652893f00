// The checkpoint thread: runs one pass for each request, so that the thread that answers callbacks copies nothing.

import { parentPort, workerData } from 'node:worker_threads';
import { reasonOf } from '../../../../lib/log.ts';
import { openPassConnection, type PassReport } from './passes.ts';

export type ThreadRequest = 'pass' | 'close';

/** An error crosses as its text and its code: its class does not. */
export type ThreadResponse = PassReport | { readonly reason: string; readonly code: string | undefined };

const port = parentPort;
if (port !== null) {
  const connection = openPassConnection(workerData as string);
  port.on('message', (request: ThreadRequest) => {
    if (request === 'pass') return port.postMessage(respond(connection.pass));
    connection.close();
    // Nothing keeps the thread alive any more.
    port.close();
  });
}

function respond(pass: () => PassReport): ThreadResponse {
  try {
    return pass();
  } catch (error) {
    return { reason: reasonOf(error), code: (error as { code?: string }).code };
  }
}
