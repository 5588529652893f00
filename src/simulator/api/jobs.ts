// Data extraction jobs: an entity and a period start a job, whose id is a bare JSON string. A job is polled at most every 30 s.

import { isJsonObject, type Json } from '../../execution/json.ts';
import { readJson } from '../read-json.ts';
import { json, text } from '../responses.ts';
import type { Run } from '../script.ts';
import type { ActionRequest, Api } from './api.ts';

const FIELDS = ['entityName', 'version', 'startDate', 'endDate'];

export const jobs: Api = {
  executePath: '/data-extraction/v1/jobs',
  pollPath: '/data-extraction/v1/jobs/:executionId',
  scopes: { execute: null, poll: null },
  errorMember: 'errorDescription',
  minPollMs: 30_000,
  actionOf: async (c) => {
    const body = readJson(await c.req.text(), null);
    return isJsonObject(body) && typeof body['entityName'] === 'string' ? body['entityName'] : '';
  },
  read: async (c) => {
    if (!/^application\/json\b/i.test(c.req.header('content-type') ?? '')) return 'expected application/json';
    return readOrder(readJson(await c.req.text(), null));
  },
  accepted: (step, status, run) =>
    step.body === 'html'
      ? text(status, '<!doctype html><title>OK</title><p>Accepted.', { 'content-type': 'text/html' })
      : json(status, step.body === 'bare' || run === undefined ? {} : run.executionId),
  isAbout: () => true,
  currentStatus: (run, now) => ({ jobStatus: jobStatus(run, now) }),
};

function jobStatus({ script, executionId: id, idText, endsAt }: Run, now: number): Json {
  if (script.outcome === 'never' || now < endsAt) return { id, status: 'RUNNING' };
  if (script.outcome === 'failed') {
    return { id, status: script.word ?? 'FAILED', result: { errorMessage: errorText(script.error) } };
  }
  const result = script.result === undefined ? { url: `https://files.example/${idText}.csv` } : script.result;
  return { id, status: script.word ?? 'SUCCEEDED', result };
}

function errorText(error: Json): string {
  return isJsonObject(error) && typeof error['message'] === 'string' ? error['message'] : JSON.stringify(error);
}

function readOrder(body: Json): ActionRequest | string {
  if (!isJsonObject(body)) return 'the body is not a JSON object';
  const { simulate, ...fields } = body;
  const unknown = Object.keys(fields).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined) return `${unknown}: there is no such field`;
  const missing = FIELDS.find((name) => typeof fields[name] !== 'string' || fields[name] === '');
  if (missing !== undefined) return `${missing}: expected a text`;
  return { inputs: simulate === undefined ? fields : { ...fields, simulate }, callbackUrl: null };
}
