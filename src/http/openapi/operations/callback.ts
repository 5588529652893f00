// What CXone calls when an execution is done: the callback URL, which is made here and goes to CXone with the execution.

import { CALLBACK_PATH } from '../../../callbacks/signed-url.ts';
import type { PathItem } from '../model.ts';
import { jsonContent, operation, schema } from '../operation.ts';

const examples = {
  completed: { value: { status: 'COMPLETED', executionId: 'cx-900123', result: { paid: true, receipt: 'R-8812' } } },
  failed: { value: { status: 'FAILED', executionId: 'cx-900123', error: { code: 'CARD_DECLINED' } } },
};

/** By its path: the URL begins with PUBLIC_URL and stands in no request of an app that an expression could point into. */
export const completion: { readonly [path: string]: PathItem } = {
  [`${CALLBACK_PATH}/{token}`]: {
    post: operation({
      operationId: 'completeExecution',
      tag: 'Callbacks',
      access: 'open',
      stored: true,
      summary: 'CXone says what became of an execution',
      description: [
        'CXone is given this URL as `callbackUrl` in the context of the execution. The token is a reference to the execution, signed with CALLBACK_SECRET: it resolves that one execution and nothing else, and no key is needed.',
        'By configuration more is asked for: where the call comes from, a header, credentials, a token from `/webhook/token`, a signature of the body. Whatever is missing, the answer is the same 404.',
        'The body is read as JSON whatever its media type says, then as a form, whose field may hold the JSON. The fields are those of the built-in upstream profile.',
      ].join('\n\n'),
      parameters: [
        {
          name: 'token',
          in: 'path',
          required: true,
          description: 'Opaque: a reference and its signature.',
          schema: { type: 'string', maxLength: 128 },
        },
      ],
      requestBody: {
        required: true,
        description: 'At most 1 MiB.',
        content: {
          'application/json': { schema: schema('Callback'), examples },
          'application/x-www-form-urlencoded': { schema: schema('Callback'), examples },
        },
      },
      responses: {
        '200': {
          description: 'It is heard, and what it meant is committed.',
          content: jsonContent('CallbackAnswer', { resolved: { outcome: 'resolved' } }),
        },
        '202': {
          description:
            'The signature is good but the body cannot be read; its bytes are kept and CXone is polled at once.',
          content: jsonContent('UnreadableAnswer', { unreadable: { outcome: 'unreadable' } }),
        },
      },
      problems: ['not-found', 'callback-mismatch', 'body-too-large', 'internal-error'],
    }),
  },
};
