// The client's types equal those of the service; the compiler compares them, so that neither changes alone.

import type { InferInput, InferOutput } from 'valibot';
import { expect, test } from 'vitest';

import type * as client from '../../src/client/types.ts';
import type { AuditEvent } from '../../src/execution/event.ts';
import type { LateResult, OpenStatus, ResolvedBy, Status, TerminalStatus } from '../../src/execution/execution.ts';
import type { BATCH } from '../../src/http/executions/batch-schema.ts';
import type { AuditEntryBody, ExecutionBody, StreamEventBody } from '../../src/http/executions/execution-schema.ts';
import type { EXECUTION_PAGE } from '../../src/http/executions/read.ts';
import type { SUBMISSION } from '../../src/http/executions/submission-schema.ts';
import type { message } from '../../src/http/notifications/messages.ts';
import type { NOTIFICATION } from '../../src/http/notifications/read.ts';
import type { ENDPOINT } from '../../src/http/operators/endpoints.ts';
import type { ProblemName } from '../../src/http/response/problem.ts';
import type { NotificationType } from '../../src/notification/notification.ts';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Without readonly, and with any JSON as unknown, as in the service. */
type Loose<T> = [client.Json] extends [T]
  ? unknown
  : T extends readonly (infer Item)[]
    ? Loose<Item>[]
    : T extends object
      ? string extends keyof T
        ? { [key: string]: unknown }
        : { -readonly [Key in keyof T]: Loose<T[Key]> }
      : T;

type Given<T> = { [Key in keyof T]-?: Exclude<T[Key], undefined> };
type Needed<T> = { [Key in keyof T]-?: undefined extends T[Key] ? never : Key }[keyof T];

type SubmissionInput = InferInput<typeof SUBMISSION>;
type Message = InferOutput<ReturnType<typeof message>>;

/** Each must be true; a compiler error shows types that differ. */
type Agreement = {
  readonly statuses: [Same<client.Status, Status>, Same<client.OpenStatus, OpenStatus>];
  readonly terminalStatuses: Same<client.TerminalStatus, TerminalStatus>;
  readonly resolvedBy: Same<client.ResolvedBy, ResolvedBy>;
  readonly lateResult: Same<keyof client.LateResult, keyof LateResult>;
  readonly auditEvents: Same<client.AuditEvent, AuditEvent>;
  readonly problems: Same<client.ProblemName, ProblemName>;
  readonly notificationTypes: Same<client.NotificationType, NotificationType>;
  readonly submission: [
    Same<keyof client.Submission, keyof SubmissionInput>,
    Same<Loose<Given<client.Submission>>, Loose<Given<InferOutput<typeof SUBMISSION>>>>,
    // The schema accepts several notations of a number, so its input is unknown; the fields remain optional.
    Same<Needed<client.Submission>, Needed<SubmissionInput>>,
  ];
  readonly batch: Same<keyof InferInput<typeof BATCH>, 'executions' | 'atomic'>;
  readonly execution: Same<Loose<client.Execution>, Loose<ExecutionBody>>;
  readonly page: Same<Loose<InferOutput<typeof EXECUTION_PAGE>['items'][number]>, Loose<client.Execution>>;
  readonly endpoint: Same<Loose<client.Endpoint>, Loose<InferOutput<typeof ENDPOINT>>>;
  readonly notification: Same<Loose<client.Notification>, Loose<InferOutput<typeof NOTIFICATION>>>;
  readonly auditEntry: Same<Loose<client.AuditEntry>, Loose<AuditEntryBody>>;
  readonly liveEvent: Same<Loose<client.LiveEvent>, Loose<StreamEventBody>>;
  readonly payload: [
    Same<keyof client.NotificationPayload, keyof Message>,
    Same<client.NotificationPayload['type'], Message['type']>,
    Same<keyof client.NotificationPayload['data'], keyof Message['data']>,
  ];
};

type AllTrue<T> = { readonly [Key in keyof T]: T[Key] extends readonly true[] | true ? true : never };

test('every type of the client agrees with the service', () => {
  const agreed: AllTrue<Agreement> = {
    statuses: true,
    terminalStatuses: true,
    resolvedBy: true,
    lateResult: true,
    auditEvents: true,
    problems: true,
    notificationTypes: true,
    submission: true,
    batch: true,
    execution: true,
    page: true,
    endpoint: true,
    notification: true,
    auditEntry: true,
    liveEvent: true,
    payload: true,
  };
  // `npm run types` makes the comparison; this test shows that the comparison can fail.
  const differs: Same<'a' | 'b', 'a'> = false;
  expect([Object.values(agreed).every(Boolean), differs]).toEqual([true, false]);
});
