// Health, metrics, and what describes the service.

import { headers } from '../headers.ts';
import type { Operation } from '../model.ts';
import { jsonContent, operation, parameter } from '../operation.ts';

export const live: Operation = operation({
  operationId: 'isAlive',
  tag: 'Service',
  access: 'open',
  summary: 'Whether the process runs',
  responses: { '200': { description: 'It does.', content: jsonContent('Liveness', { live: { live: true } }) } },
});

export const ready: Operation = operation({
  operationId: 'isReady',
  tag: 'Service',
  access: 'open',
  summary: 'Whether it can do its work',
  description: 'An outage of CXone is no reason not to be ready.',
  responses: {
    '200': {
      description: 'The database takes writes and all loops run.',
      content: jsonContent('Readiness', { ready: { ready: true, notReady: [] } }),
    },
  },
  problems: ['not-ready'],
});

export const metrics: Operation = operation({
  operationId: 'getMetrics',
  tag: 'Service',
  access: 'operator',
  summary: 'Metrics for Prometheus',
  responses: {
    '200': {
      description: 'In the text format of Prometheus.',
      content: { 'text/plain': { schema: { type: 'string' } } },
    },
  },
});

export const document: Operation = operation({
  operationId: 'getOpenApi',
  tag: 'Service',
  access: 'open',
  summary: 'This document',
  parameters: [parameter('IfNoneMatch')],
  responses: {
    '200': {
      description: 'OpenAPI 3.1.',
      headers: headers('ETag'),
      content: {
        'application/json': {
          schema: {
            type: 'object',
            properties: { openapi: { type: 'string' }, info: { type: 'object' }, paths: { type: 'object' } },
            required: ['openapi', 'info', 'paths'],
            additionalProperties: true,
          },
        },
      },
    },
    '304': { description: 'It is what you have.', headers: headers('ETag') },
  },
});

export const docs: Operation = operation({
  operationId: 'getDocumentation',
  tag: 'Service',
  access: 'open',
  summary: 'This document for people',
  parameters: [parameter('IfNoneMatch')],
  responses: {
    '200': {
      description: 'A page without any script.',
      headers: headers('ETag', 'Content-Security-Policy'),
      content: { 'text/html': { schema: { type: 'string' } } },
    },
    '304': { description: 'It is what you have.', headers: headers('ETag', 'Content-Security-Policy') },
  },
});
