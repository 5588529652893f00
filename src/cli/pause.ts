// `pause`: shows and lifts the pause of all requests to CXone.

import { createClient } from '../client/client.ts';
import type { Declare } from './context.ts';
import { helpEnd, jsonOption } from './options.ts';
import { asOperator, callReceiver, RECEIVER_HELP } from './receiver.ts';

/** As GET /v1/pause represents it. */
interface Pause {
  readonly since: string;
  readonly until: string;
  readonly httpStatus: number;
  readonly call: string;
  readonly actionId: string | null;
  readonly correlationId: string | null;
  readonly app: string | null;
}

export const pause: Declare = (command, context) =>
  command
    .description(
      `Shows whether a response of CXone (429 or 503 with Retry-After, or a used-up rate limit) pauses all requests to CXone,
until when, and which request received that response. With --lift, requests are sent again at once; the log of the receiver
names the operator.`,
    )
    .option('--lift', 'end the pause now, as an administrator')
    .addOption(jsonOption)
    .addHelpText(
      'after',
      helpEnd(
        `With --json: the response of GET /v1/pause or POST /v1/pause/lift.\n${RECEIVER_HELP}`,
        '0 requests are sent, 1 requests are paused, 2 the command could not be carried out',
        ['npm run -s pause', 'npm run -s pause -- --lift'],
      ),
    )
    .action(async ({ lift = false, json = false }) => {
      const connection = asOperator(context);
      const { request } = createClient(connection);
      if (lift) {
        const response = await callReceiver(connection, () =>
          request<{ readonly lifted: Pause | null }>('POST', '/v1/pause/lift'),
        );
        const text = response.lifted === null ? 'There was no pause.' : `Lifted. ${describe(response.lifted)}`;
        context.write(`${json ? JSON.stringify(response) : text}\n`);
        return;
      }
      const response = await callReceiver(connection, () =>
        request<{ readonly pause: Pause | null }>('GET', '/v1/pause'),
      );
      if (response.pause !== null) context.exitCode = 1;
      const text = response.pause === null ? 'Requests to CXone are sent.' : describe(response.pause);
      context.write(`${json ? JSON.stringify(response) : text}\n`);
    });

function describe({ since, until, httpStatus, call, actionId, correlationId, app }: Pause): string {
  const requester =
    correlationId === null
      ? `a ${call} request`
      : `the ${call} request of ${correlationId} (action ${actionId}, app ${app})`;
  return `CXone answered ${httpStatus} to ${requester} at ${since}: requests are paused until ${until}.`;
}
