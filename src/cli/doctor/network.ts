// Whether the hosts that the receiver calls, and the one that CXone calls, can be found and show a certificate that holds.

import { lookup } from 'node:dns/promises';
import { isIP, type Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { many } from '../../lib/figures.ts';
import { reasonOf } from '../../lib/log.ts';
import { createTunnelConnector } from '../../lib/proxy/connect.ts';
import type { HttpProxy } from '../../lib/proxy/proxy.ts';
import { DAY_MS } from '../../lib/time.ts';
import type { World } from '../../lib/world.ts';
import { type Check, fail, ok, warn } from './check.ts';

const TIMEOUT_MS = 10_000;
/** Certificates that renew themselves do so a month before they end. */
const ENDS_SOON_DAYS = 21;

export interface Site {
  /** The variable that names it. */
  readonly variable: string;
  readonly url: string;
  /** Null: it is reached directly. */
  readonly proxy: HttpProxy | null;
}

/** Each host and port once, whatever the variables that lead there. */
export async function checkSites(sites: readonly Site[], world: Pick<World, 'now'>): Promise<Check[]> {
  const byWay = Map.groupBy(sites, ({ url, proxy }) => `${new URL(url).origin} ${proxy?.origin}`);
  const checks = [...byWay.values()].map(async (same) => {
    const [{ url, proxy }] = same as [Site];
    const variables = [...new Set(same.map(({ variable }) => variable))].join(', ');
    return proxy === null
      ? checkSite(new URL(url), variables, world)
      : checkProxiedSite(new URL(url), proxy, variables, world);
  });
  return (await Promise.all(checks)).flat();
}

/** The proxy resolves the name. A plain http request needs no tunnel: the token request shows whether the proxy passes it on. */
async function checkProxiedSite(
  origin: URL,
  proxy: HttpProxy,
  variables: string,
  world: Pick<World, 'now'>,
): Promise<Check[]> {
  if (origin.protocol !== 'https:') return [];
  const port = Number(origin.port || 443);
  try {
    const tunnel = await openTunnel(proxy, origin.hostname, port);
    const passed = ok('proxy', `${proxy.origin} of ${proxy.variable} opens a tunnel to ${origin.host}`);
    return [passed, await checkCertificate({ host: origin.hostname, port, tunnel }, variables, world)];
  } catch (error) {
    return [fail('proxy', reasonOf(error), `correct ${proxy.variable}, or the rules of the proxy`)];
  }
}

function openTunnel(proxy: HttpProxy, hostname: string, port: number): Promise<Socket> {
  const connectTunnel = createTunnelConnector(proxy, { timeoutMs: TIMEOUT_MS });
  return new Promise((resolve, reject) => {
    // As for plain http: the caller looks at the certificate itself.
    connectTunnel({ hostname, protocol: 'http:', port: String(port) }, (...[error, socket]) =>
      error === null ? resolve(socket) : reject(error),
    );
  });
}

async function checkSite(origin: URL, variables: string, world: Pick<World, 'now'>): Promise<Check[]> {
  const host = origin.hostname.replace(/^\[|\]$/g, '');
  const name = await checkName(host, variables);
  if (name.level === 'fail' || origin.protocol !== 'https:') return [name];
  return [name, await checkCertificate({ host, port: Number(origin.port || 443) }, variables, world)];
}

async function checkName(host: string, variables: string): Promise<Check> {
  const name = 'name';
  if (isIP(host) !== 0) return ok(name, `${host} is an address (${variables})`);
  try {
    const found = await lookup(host, { all: true });
    return ok(name, `${host} is ${found.map(({ address }) => address).join(', ')} (${variables})`);
  } catch (error) {
    const code = codeOf(error);
    const message = `${host} cannot be resolved: ${code}`;
    const advice =
      code === 'ENOTFOUND'
        ? `correct ${variables}, or the DNS that this machine asks`
        : 'the DNS of this machine does not answer';
    return fail(name, message, advice);
  }
}

/** Node decides whether the certificate is valid, as for any client; the certificate shows why it is not. */
async function checkCertificate(place: Place, variables: string, world: Pick<World, 'now'>): Promise<Check> {
  const name = 'tls';
  const { host, port } = place;
  const shown = port === 443 ? host : `${host}:${port}`;
  const reached = await handshake(place);
  if ('failure' in reached) {
    return fail(
      name,
      `${shown} gives no TLS connection: ${reached.failure}`,
      `see ${variables}: host and port, firewall, proxy`,
    );
  }
  const { trouble, endsAt, issuer } = reached;
  if (trouble !== null) return fail(name, `the certificate of ${shown} does not hold: ${trouble}`, adviceOn(trouble));
  const days = Math.floor((endsAt - world.now()) / DAY_MS);
  const message = `the certificate of ${shown}, by ${issuer}, ends in ${many(days, 'day')}`;
  return days < ENDS_SOON_DAYS
    ? warn(name, message, 'renew it, and see why it has not renewed itself')
    : ok(name, message);
}

type Handshake =
  | { readonly failure: string }
  | { readonly trouble: string | null; readonly endsAt: number; readonly issuer: string };

interface Place {
  readonly host: string;
  readonly port: number;
  /** An open connection to it. */
  readonly tunnel?: Socket;
}

function handshake({ host, port, tunnel }: Place): Promise<Handshake> {
  return new Promise((resolve) => {
    // What does not hold is to be named, so it is let through to be looked at; nothing is sent over it.
    const socket = connect({
      ...(tunnel === undefined ? { host, port } : { socket: tunnel }),
      timeout: TIMEOUT_MS,
      rejectUnauthorized: false,
      ...(isIP(host) === 0 ? { servername: host } : {}),
    });
    const end = (outcome: Handshake) => {
      socket.destroy();
      resolve(outcome);
    };
    socket.once('timeout', () => end({ failure: `no answer within ${TIMEOUT_MS / 1000} s` }));
    socket.once('error', (error) => end({ failure: codeOf(error) }));
    socket.once('secureConnect', () => end(seen(socket)));
  });
}

function seen(socket: TLSSocket): Handshake {
  const { valid_to: validTo, issuer } = socket.getPeerCertificate();
  // Set to the code of what is wrong, whatever its type says.
  const trouble = socket.authorized ? null : String(socket.authorizationError);
  return { trouble, endsAt: Date.parse(validTo), issuer: String(issuer?.O ?? issuer?.CN ?? 'nobody') };
}

function adviceOn(trouble: string): string {
  if (/EXPIRED/.test(trouble)) return 'renew it';
  if (/ALTNAME/.test(trouble)) return 'it is for other names: correct the URL, or get one for this name';
  if (/SELF_SIGNED|UNABLE_TO_|DEPTH_ZERO/.test(trouble)) {
    return 'have the server send the whole chain; trust an authority of your own with NODE_EXTRA_CA_CERTS';
  }
  return 'see what the server sends: openssl s_client -connect HOST:PORT -showcerts';
}

function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message ?? 'unknown trouble';
}
