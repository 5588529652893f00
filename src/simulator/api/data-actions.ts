// Data Actions, as the built-in profile calls them.

import { isJsonObject, parseJson } from '../../execution/json.ts';
import { currentStatus, finalStatus } from '../outcome.ts';
import { json, text } from '../responses.ts';
import { type ActionRequest, type Api, isHttpUrl } from './api.ts';

export const dataActions: Api = {
  executePath: '/api/v2/dx/actions/:actionId/execute',
  pollPath: '/api/v2/dx/actions/:actionId/executions/:executionId',
  scopes: { execute: 'dx:actions:execute', poll: 'dx:actions:read' },
  errorMember: 'message',
  minPollMs: 0,
  actionOf: async (c) => c.req.param('actionId') ?? '',
  read: async (c) => readOrder(await c.req.text()),
  accepted: (step, status, run) => {
    switch (run === undefined ? 'bare' : (step.body ?? 'execution')) {
      case 'execution':
        return json(status, { executionId: run?.executionId, status: 'PENDING' });
      case 'outcome':
        return json(status, run === undefined ? {} : finalStatus(run));
      case 'bare':
        return json(status, { status: 'ACCEPTED' });
      case 'html':
        return text(status, '<!doctype html><title>OK</title><p>Accepted.', { 'content-type': 'text/html' });
    }
  },
  isAbout: (c, run) => run.actionId === c.req.param('actionId'),
  currentStatus,
};

/** Returns the used parts of an execute body, or the reason why it is malformed. */
function readOrder(body: string): ActionRequest | string {
  let order: unknown;
  try {
    order = parseJson(body);
  } catch {
    return 'the body is not JSON';
  }
  if (!isJsonObject(order)) return 'the body is not a JSON object';
  const { inputs = {}, context, asyncExecution } = order;
  if (!isJsonObject(inputs)) return 'inputs: expected an object';
  if (asyncExecution !== true) return 'asyncExecution: expected true';
  const callbackUrl = isJsonObject(context) ? context['callbackUrl'] : undefined;
  if (!isHttpUrl(callbackUrl)) return 'context.callbackUrl: expected an http or https URL';
  return { inputs, callbackUrl };
}
