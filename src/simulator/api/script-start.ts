// Starts a Studio script by skill, path and parameters. The response is empty, and the script calls back.

import { readJson } from '../read-json.ts';
import { text } from '../responses.ts';
import { type ActionRequest, type Api, isHttpUrl } from './api.ts';

const FIELDS = ['skillId', 'scriptPath', 'parameters', 'simulate'];

export const scriptStart: Api = {
  executePath: '/inContactAPI/services/:version{v\\d+\\.\\d+}/scripts/start',
  pollPath: null,
  scopes: { execute: null, poll: null },
  errorMember: 'error_description',
  minPollMs: 0,
  actionOf: async (c) => c.req.query('skillId') ?? '',
  read: async (c) => {
    if ((await c.req.text()) !== '') return 'expected the fields in the query, and no body';
    return readOrder(c.req.queries());
  },
  accepted: (_step, status) => text(status, '', {}),
  isAbout: () => false,
  currentStatus: () => null,
};

function readOrder(query: Record<string, string[]>): ActionRequest | string {
  const unknown = Object.keys(query).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined) return `${unknown}: there is no such field`;
  const repeated = Object.entries(query).find(([, values]) => values.length > 1);
  if (repeated !== undefined) return `${repeated[0]}: present more than once`;
  const { skillId = [], scriptPath = [], parameters = [], simulate = [] } = query;
  if (!/^\d+$/.test(skillId[0] ?? '')) return 'skillId: expected a whole number';
  if ((scriptPath[0] ?? '') === '') return 'scriptPath: expected the path of a script';
  const [callbackUrl, correlationId = '', ...rest] = (parameters[0] ?? '').split('|');
  if (!isHttpUrl(callbackUrl)) return 'parameters: expected an http or https URL first, for the script to call back';
  const inputs = { scriptPath: scriptPath[0] ?? '', correlationId, parameters: rest };
  // The name of a fate, or dials as JSON.
  const dials = simulate[0] === undefined ? {} : { simulate: readJson(simulate[0], simulate[0]) };
  return { inputs: { ...inputs, ...dials }, callbackUrl };
}
