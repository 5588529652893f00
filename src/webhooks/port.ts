// Port for webhooks to apps and operators: the sender, and the policy for the URLs to which it may send.

/** The recipient of incidents, beside the apps. The name of an app has no parentheses. */
export const OPERATORS = '(operators)';

/** One notification as it is sent. */
export interface WebhookRequest {
  /** The webhook-id (Standard Webhooks), the same for all attempts. */
  readonly id: string;
  readonly app: string;
  readonly url: string;
  /** JSON text. */
  readonly body: string;
  /** W3C Trace Context of the execution. */
  readonly traceparent: string | null;
  readonly tracestate: string | null;
}

interface Attempt {
  /** 0 if no HTTP response was received. */
  readonly httpStatus: number;
  readonly latencyMs: number;
}

export type DeliveryResult =
  /** 2xx. */
  | (Attempt & { readonly type: 'delivered' })
  /** 410: the endpoint has been removed for good. */
  | (Attempt & { readonly type: 'gone'; readonly message: string })
  /** The endpoint does not accept this notification, and may accept others. The next attempt must wait for at least `retryAfterMs`. */
  | (Attempt & { readonly type: 'rejected'; readonly message: string; readonly retryAfterMs: number })
  /** Anything else. The next attempt must wait for at least `retryAfterMs`. */
  | (Attempt & { readonly type: 'failed'; readonly message: string; readonly retryAfterMs: number });

export interface WebhookSender {
  /** Sends one request. Never throws for a failure of the network or of the endpoint. */
  deliver(webhook: WebhookRequest): Promise<DeliveryResult>;
  /** Aborts the requests in flight. */
  close(): void;
}

export interface NotifyUrlPolicy {
  /** Returns why this app may not use the URL for notifications, in words for its sender; null if it may. */
  check(app: string, url: string): string | null;
}
