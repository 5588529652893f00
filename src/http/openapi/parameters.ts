// Parameters that several operations share.

import { IDENTIFIER } from '../request/identifier.ts';
import type { Parameter } from './model.ts';

export const PARAMETERS = {
  CorrelationId: {
    name: 'correlationId',
    in: 'path',
    required: true,
    description: 'The `correlationId` of the execution.',
    schema: { type: 'string', pattern: IDENTIFIER.source },
    example: 'order-4711',
  },
  NotificationId: {
    name: 'id',
    in: 'path',
    required: true,
    description: 'The `id` of the notification: its `webhook-id`.',
    schema: { type: 'string' },
    example: 'msg_019c1488000070008000000000000001_ended',
  },
  ReconciliationId: {
    name: 'id',
    in: 'path',
    required: true,
    description: 'The `id` of the reconciliation.',
    schema: { type: 'string' },
    example: '019c1405-7a00-7000-8000-000000000001',
  },
  Prefer: {
    name: 'Prefer',
    in: 'header',
    description:
      '`wait=N` holds the answer until the execution has ended, for N seconds at most (60 at most; RFC 7240). What cannot be understood is ignored.',
    schema: { type: 'string' },
    example: 'wait=30',
  },
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description:
      'Under which the request may be sent again without being done again, in quotes (an RFC 8941 string) or bare, with 1 to 255 visible ASCII characters. It belongs to your app alone and lives as long as its execution: for good, or until that is pruned (AUDIT_RETENTION_DAYS).',
    schema: { type: 'string', minLength: 1 },
    example: '"order-4711"',
  },
  Traceparent: {
    name: 'traceparent',
    in: 'header',
    description: 'W3C Trace Context; passed on to CXone and to notifications. One that is not valid is ignored.',
    schema: { type: 'string' },
    example: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  },
  Tracestate: {
    name: 'tracestate',
    in: 'header',
    description: 'W3C Trace Context; goes with `traceparent`.',
    schema: { type: 'string' },
    example: 'vendor=value',
  },
  LastEventId: {
    name: 'Last-Event-ID',
    in: 'header',
    description: 'The id of the last event that came: the stream goes on after it, without gap and without repeating.',
    schema: { type: 'string', pattern: '^\\d+$' },
    example: '42',
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    description: 'The `ETag` of what you have: 304 when it is still the same.',
    schema: { type: 'string' },
    example: '"2f4c1b"',
  },
} as const satisfies Record<string, Parameter>;
