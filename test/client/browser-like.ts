// Runs the client with only the globals of a browser. browser.slow.test.ts starts this file in a separate process.

import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { createContext, type Module, SourceTextModule } from 'node:vm';

const FOLDER = new URL('../../src/client/', import.meta.url);

const WEB = [
  'AbortController',
  'AbortSignal',
  'Blob',
  'Headers',
  'ReadableStream',
  'Request',
  'Response',
  'TextDecoder',
  'TextDecoderStream',
  'TextEncoder',
  'URL',
  'URLSearchParams',
  'atob',
  'clearTimeout',
  'crypto',
  'fetch',
  'setTimeout',
] as const;

const context = createContext(Object.fromEntries(WEB.map((name) => [name, globalThis[name]])));
const loaded = new Map<string, SourceTextModule>();

function load(specifier: string): SourceTextModule {
  if (!/^\.\/[a-z-]+\.ts$/.test(specifier)) throw new Error(`the client imports ${specifier}`);
  const known = loaded.get(specifier);
  if (known !== undefined) return known;
  const source = stripTypeScriptTypes(readFileSync(new URL(specifier, FOLDER), 'utf8'));
  const module = new SourceTextModule(source, { context, identifier: specifier });
  loaded.set(specifier, module);
  return module;
}

/** The script of a page, which makes each call once against the receiver at `baseUrl`. */
const PAGE = `
  import { createClient, ReceiverError, verifyNotification } from './client.ts';
  const client = createClient({ baseUrl, key });
  const ended = await client.submitAndWait({ actionId: 'charge', correlationId: 'order-1' });
  const events = [];
  for await (const { event, terminalStatus } of client.events({ correlationId: 'order-1' })) {
    events.push(event);
    if (terminalStatus !== null) break;
  }
  const listed = [];
  for await (const { correlationId } of client.list()) listed.push(correlationId);
  const unknown = await client.get('nobody').catch((error) => error instanceof ReceiverError && error.code);
  const genuine = await verifyNotification(secret, headers, body);
  report(JSON.stringify({ status: ended.status, events, listed, unknown, genuine }));
`;

const given = JSON.parse(process.env['PAGE'] ?? '{}');
Object.assign(context, given, { report: (line: string) => process.stdout.write(`${line}\n`) });
const page = new SourceTextModule(PAGE, { context, identifier: 'page' });
await page.link((specifier: string): Module => load(specifier));
await page.evaluate();
process.exit(0);
