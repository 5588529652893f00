// GET /openapi.json and GET /docs: what this service does, for programs and for people.

import { serveCachedText } from '../middleware/cached-text.ts';
import { openApiDocument } from '../openapi/document.ts';
import { documentationPage, POLICY } from './page.ts';

export function createDocumentation() {
  return {
    document: serveCachedText(() => JSON.stringify(openApiDocument()), { 'content-type': 'application/json' }),
    page: serveCachedText(() => documentationPage(openApiDocument()), {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': POLICY,
    }),
  };
}
