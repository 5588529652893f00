// A linter reads the OpenAPI document, with all of its recommended rules.

import { createConfig, lintFromString } from '@redocly/openapi-core';
import { expect, test } from 'vitest';
import { openApiDocument } from '../../../src/http/operations.ts';

const TEXT = JSON.stringify(openApiDocument());

test('a linter finds nothing to say about it', async () => {
  // No rule is switched off.
  const config = await createConfig({ extends: ['recommended'] });
  const problems = await lintFromString({ source: TEXT, absoluteRef: '/openapi.json', config });
  const said = problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer]);
  expect(said).toEqual([]);
});

test('the linter would have something to say', async () => {
  const config = await createConfig({ extends: ['recommended'] });
  const source = TEXT.replace('"operationId":"getExecution"', '"operationId":"listExecutions"').replace(
    '"nextCursor":null',
    '"nextCursor":42',
  );
  const rules = (await lintFromString({ source, absoluteRef: '/openapi.json', config })).map(({ ruleId }) => ruleId);
  expect(new Set(rules)).toEqual(new Set(['operation-operationId-unique', 'no-invalid-media-type-examples']));
});
