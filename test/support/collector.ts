// A trace collector on a loopback port: accepts OTLP over HTTP in JSON, and keeps every span.

import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface CollectedSpan {
  readonly name: string;
  /** The numbers of OTLP: 2 is a server, 3 a client. */
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly traceState: string | undefined;
  /** Milliseconds. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** 2 is an error. */
  readonly status: { readonly code: number; readonly message?: string };
  readonly resource: Readonly<Record<string, unknown>>;
}

export interface Collector {
  readonly url: string;
  readonly spans: CollectedSpan[];
  /** The headers of each request. */
  readonly requests: IncomingHttpHeaders[];
  /** Every body, as it was received. */
  readonly bodies: string[];
}

/** Answers every request with `status`, and drops the spans that it refuses. */
export async function startCollector(status = 200): Promise<Collector> {
  const collector: Omit<Collector, 'url'> = { spans: [], requests: [], bodies: [] };
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    collector.requests.push(request.headers);
    collector.bodies.push(body);
    const found = request.url === '/v1/traces';
    if (found && status === 200) collector.spans.push(...spansIn(JSON.parse(body)));
    response.writeHead(found ? status : 404, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { ...collector, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

// biome-ignore lint/suspicious/noExplicitAny: the document is another's; what is not as expected fails the test
function spansIn(document: any): CollectedSpan[] {
  // biome-ignore lint/suspicious/noExplicitAny: as above
  return document.resourceSpans.flatMap(({ resource, scopeSpans }: any) =>
    // biome-ignore lint/suspicious/noExplicitAny: as above
    scopeSpans.flatMap(({ spans }: any) => spans.map((span: any) => spanOf(span, resource))),
  );
}

// biome-ignore lint/suspicious/noExplicitAny: as above
function spanOf(span: any, resource: any): CollectedSpan {
  const { name, kind, traceId, spanId, parentSpanId, traceState, links, status } = span;
  return {
    name,
    kind,
    traceId,
    spanId,
    parentSpanId: parentSpanId || undefined,
    traceState,
    startedAt: Number(BigInt(span.startTimeUnixNano) / 1_000_000n),
    endedAt: Number(BigInt(span.endTimeUnixNano) / 1_000_000n),
    attributes: attributesOf(span.attributes),
    // biome-ignore lint/suspicious/noExplicitAny: as above
    links: links.map((link: any) => ({ traceId: link.traceId, spanId: link.spanId })),
    status,
    resource: attributesOf(resource.attributes),
  };
}

function attributesOf(list: readonly { key: string; value: Record<string, unknown> }[]): Record<string, unknown> {
  return Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]]));
}
