// Prints the events of your executions as they occur. A lost connection is resumed without a gap or a repeat.
//   RECEIVER_KEY=… [LAST_EVENT_ID=17] npx node -C receiver-source examples/typescript/follow-events.ts

import { createClient } from 'cxone-callback-receiver/client';

const { RECEIVER_URL = 'http://127.0.0.1:8080', RECEIVER_KEY = '', LAST_EVENT_ID } = process.env;
const client = createClient({ baseUrl: RECEIVER_URL, key: RECEIVER_KEY });

// Without an id the stream begins now. Store the last id to resume after a restart of this program.
const from = LAST_EVENT_ID === undefined ? {} : { lastEventId: LAST_EVENT_ID };
for await (const { id, event, correlationId, terminalStatus } of client.events(from)) {
  console.log(`${id} ${event} ${correlationId}${terminalStatus === null ? '' : ` ended: ${terminalStatus}`}`);
}
