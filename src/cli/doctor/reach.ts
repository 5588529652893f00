// Whether what is sent to PUBLIC_URL arrives at this receiver: a signed probe goes out by that way, and comes in here or does not.

import { CALLBACK_PATH, createSignedUrls, type SignedUrls } from '../../callbacks/signed-url.ts';
import type { Config } from '../../config/config.ts';
import { type Listening, listen } from '../../http/server/server.ts';
import { readTlsPair } from '../../http/server/tls.ts';
import { failureReason } from '../../lib/http/failure.ts';
import { readResponseBody } from '../../lib/http/read-response-body.ts';
import { localUrl } from '../receiver.ts';
import { type Check, fail, ok, warn } from './check.ts';

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1024;
const NAME = 'callback path';

/** Opens a listener of its own where no receiver runs, for as long as it looks. Nothing of the probe is recorded anywhere. */
export async function checkReach(config: Config): Promise<Check[]> {
  const urls = createSignedUrls(config.publicUrl, config.callbackSecrets);
  const own = await openOwn(config, urls);
  if (own.type === 'cannot') return [fail(NAME, own.reason, 'give this user the port, or correct HOST and PORT')];
  try {
    const met = await probe(urls);
    const whose = own.type === 'busy' ? 'the running receiver' : 'a listener of its own';
    if (met.type === 'reached') return [ok(NAME, `a probe by way of ${config.publicUrl} reaches ${whose}`)];
    const here = own.type === 'busy' ? await probe(createSignedUrls(webhookUrl(config), config.callbackSecrets)) : null;
    if (here !== null && here.type !== 'reached') return [strange(config, here)];
    return [verdict(config.publicUrl, met, urls.probe().url)];
  } finally {
    if (own.type === 'listening') await own.listener.close(0);
  }
}

type Own =
  | { readonly type: 'listening'; readonly listener: Listening }
  /** Something listens there already: the receiver, unless it is something else. */
  | { readonly type: 'busy' }
  | { readonly type: 'cannot'; readonly reason: string };

async function openOwn(config: Config, urls: SignedUrls): Promise<Own> {
  const { host, tls } = config;
  const port = config.callbackPort ?? config.port;
  if (port === 0) return { type: 'cannot', reason: 'PORT is 0: no proxy can know where the receiver listens' };
  try {
    const pair = tls === null ? {} : { tls: await readTlsPair(tls) };
    return { type: 'listening', listener: await listen(answering(urls), { host, port, ...pair }) };
  } catch (error) {
    const { message, cause } = error as Error;
    if ((cause as NodeJS.ErrnoException | undefined)?.code === 'EADDRINUSE') return { type: 'busy' };
    return { type: 'cannot', reason: message };
  }
}

/** What the receiver would answer to a probe, and nothing else. */
function answering(urls: SignedUrls): (request: Request) => Response {
  return (request) => {
    const { pathname } = new URL(request.url);
    const token = pathname.startsWith(`${CALLBACK_PATH}/`) ? pathname.slice(CALLBACK_PATH.length + 1) : '';
    const proof = urls.proofFor(token);
    return proof === null ? Response.json({ doctor: pathname }, { status: 404 }) : Response.json({ proof });
  };
}

function webhookUrl({ host, port, callbackPort, tls }: Config): string {
  return localUrl(tls ? 'https' : 'http', host, callbackPort ?? port);
}

type Met =
  | { readonly type: 'reached' }
  | { readonly type: 'answered'; readonly status: number; readonly headers: Headers }
  | { readonly type: 'unanswered'; readonly reason: string };

async function probe(urls: SignedUrls): Promise<Met> {
  const { url, proof } = urls.probe();
  try {
    const request = {
      method: 'POST',
      body: '{}',
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    } as const;
    const { status, headers, body } = await fetch(url, { ...request, headers: { 'content-type': 'application/json' } });
    const { bytes } = await readResponseBody(body, MAX_ANSWER_BYTES);
    return new TextDecoder().decode(bytes).includes(proof)
      ? { type: 'reached' }
      : { type: 'answered', status, headers };
  } catch (error) {
    return { type: 'unanswered', reason: failureReason(error) };
  }
}

/** What listens here does not know the probe, whatever is in front of it. */
function strange(config: Config, met: Exclude<Met, { type: 'reached' }>): Check {
  const what =
    met.type === 'answered' ? `answers ${met.status}${server(met.headers)}` : `does not answer: ${met.reason}`;
  const advice =
    'if it is the receiver: does it run with this CALLBACK_SECRET, and this version? Else something else has its port';
  return fail(NAME, `what listens at ${webhookUrl(config)} does not know the probe: it ${what}`, advice);
}

function verdict(publicUrl: string, met: Exclude<Met, { type: 'reached' }>, probeUrl: string): Check {
  if (met.type === 'unanswered') return unanswered(publicUrl, met.reason, probeUrl);
  const { status, headers } = met;
  const message = `a probe by way of ${publicUrl} does not arrive here: ${status}${server(headers)}${leads(headers)}`;
  return fail(NAME, message, adviceOn(status, headers));
}

function unanswered(publicUrl: string, reason: string, probeUrl: string): Check {
  const message = `a probe by way of ${publicUrl} gets no answer: ${reason}`;
  if (/CERT|SSL|TLS|ALTNAME/i.test(reason))
    return fail(NAME, message, 'mend the certificate: CXone would not call either');
  if (/ENOTFOUND|EAI_/.test(reason)) return fail(NAME, message, 'correct PUBLIC_URL, or have its name in the DNS');
  // Many networks do not let a machine reach itself by its public address.
  const advice = `from outside it may be well: try it from there; {"outcome":"probe"…} is right: curl -X POST ${probeUrl}`;
  return warn(NAME, message, advice);
}

function adviceOn(status: number, headers: Headers): string {
  if (isOfReceiver(headers)) return 'it is another receiver, or it runs with another CALLBACK_SECRET: set the same';
  if (status >= 300 && status <= 399) return 'CXone may not follow redirects: set PUBLIC_URL to where this leads';
  switch (status) {
    case 401:
    case 403:
      return 'something in front asks for credentials or refuses the address: let POST to /webhook/ through';
    case 404:
    case 405:
      return 'the path must arrive as it is, but for the path in PUBLIC_URL, which the proxy takes off: see its rules';
    case 413:
      return 'the proxy takes no bodies of this size: let it take 11 MB';
    case 502:
    case 503:
    case 504:
      return 'the proxy does not reach the receiver: correct HOST and PORT, or where the proxy sends it';
    default:
      return 'something else answers there: see the DNS, the proxy and its rules';
  }
}

function isOfReceiver(headers: Headers): boolean {
  return headers.has('x-request-id') && (headers.get('content-type') ?? '').startsWith('application/problem+json');
}

function server(headers: Headers): string {
  const name = headers.get('server') ?? headers.get('via');
  return name === null ? '' : ` from ${printable(name)}`;
}

function leads(headers: Headers): string {
  const location = headers.get('location');
  return location === null ? '' : `, to ${printable(location.split('?')[0] ?? '')}`;
}

function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]+/g, ' ').slice(0, 100);
}
