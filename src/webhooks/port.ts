// What the service needs to tell apps something: somebody who carries it there, and rules for where that may be.

/** One thing to tell, as it goes out. */
export interface WebhookRequest {
  /** The webhook-id (Standard Webhooks): the same over all attempts. */
  readonly id: string;
  readonly app: string;
  readonly url: string;
  /** JSON text. */
  readonly body: string;
  /** W3C Trace Context of the execution that it tells of. */
  readonly traceparent: string | null;
  readonly tracestate: string | null;
}

interface Answered {
  /** 0 when no HTTP answer came. */
  readonly httpStatus: number;
  readonly latencyMs: number;
}

export type DeliveryResult =
  /** 2xx. */
  | (Answered & { readonly type: 'delivered' })
  /** 410: nobody is there for it any more. */
  | (Answered & { readonly type: 'gone'; readonly message: string })
  /** Anything else; not to be sent again for `retryAfterMs`. */
  | (Answered & { readonly type: 'failed'; readonly message: string; readonly retryAfterMs: number });

export interface WebhookSender {
  /** Never throws for what the network or whoever answers does. */
  deliver(parcel: WebhookRequest): Promise<DeliveryResult>;
  /** Gives up what is under way. */
  close(): void;
}

export interface NotifyUrlPolicy {
  /** What is wrong with a URL as the one that this app is told at, for whoever sent it; null when nothing is. */
  check(app: string, url: string): string | null;
}
