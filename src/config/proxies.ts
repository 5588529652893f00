// The variables for proxies of outgoing requests: one for each kind of traffic, else those that other programs read, too.

import * as v from 'valibot';
import { isExempt, parseNoProxy } from '../lib/proxy/no-proxy.ts';
import { type HttpProxy, NO_PROXIES, type ProxyRules, parseProxy } from '../lib/proxy/proxy.ts';
import { checked, secret, text } from './fields.ts';

/** The value that turns a proxy off. */
const NONE = 'none';

/** Hosts that are this machine, in the notation of NO_PROXY. */
const LOOPBACK = parseNoProxy('localhost,127.0.0.0/8,::1').exceptions;

const proxy = (name: string) =>
  secret(
    v.pipe(
      text,
      checked((value) => {
        const problem = proxyProblem(name, value);
        return problem === null ? null : `${problem}; or ${NONE} for direct connections`;
      }),
    ),
  );

/** Defaults are written as in the environment. */
export const PROXY_VARIABLES = {
  CXONE_PROXY: v.optional(proxy('CXONE_PROXY')),
  NOTIFY_PROXY: v.optional(proxy('NOTIFY_PROXY')),
  HTTPS_PROXY: v.optional(text),
  HTTP_PROXY: v.optional(text),
  NO_PROXY: v.optional(text),
};

type ProxyEnvironment = v.InferOutput<v.ObjectSchema<typeof PROXY_VARIABLES, undefined>>;

/** The variables that other programs read as well, many of them in lower case. */
export const SHARED_PROXY_VARIABLES: readonly string[] = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY'];

type Given = Readonly<Record<string, string | undefined>>;

/** Returns the variables with the lower-case spellings under the names in capitals. Like curl and Node, lower case takes precedence. */
export function withLowerCaseProxies(env: Given): Given {
  const lower = SHARED_PROXY_VARIABLES.map((name) => [name, env[name.toLowerCase()]?.trim() || env[name]] as const);
  return { ...env, ...Object.fromEntries(lower) };
}

/** Returns a message on a shared variable that is in use and not a proxy, or null. */
export function sharedProxyProblem(name: string, value: string | undefined, own: string | undefined): string | null {
  const problem = own === undefined && value !== undefined ? proxyProblem(name, value) : null;
  return problem === null ? null : `${problem}; to use another proxy set CXONE_PROXY, to use none CXONE_PROXY=${NONE}`;
}

function proxyProblem(name: string, value: string): string | null {
  const parsed = value === NONE ? null : parseProxy(name, value);
  return typeof parsed === 'string' ? parsed : null;
}

export function proxiesOf(env: ProxyEnvironment) {
  const { exceptions } = parseNoProxy(env.NO_PROXY ?? '');
  const rules = (https: HttpProxy | null, http: HttpProxy | null): ProxyRules => ({ https, http, exceptions });
  const own = (name: 'CXONE_PROXY' | 'NOTIFY_PROXY') => rules(proxyIn(name, env[name]), proxyIn(name, env[name]));
  return {
    // promise: own-proxy-takes-precedence
    cxone:
      env.CXONE_PROXY === undefined
        ? rules(proxyIn('HTTPS_PROXY', env.HTTPS_PROXY), proxyIn('HTTP_PROXY', env.HTTP_PROXY))
        : own('CXONE_PROXY'),
    notifications: env.NOTIFY_PROXY === undefined ? NO_PROXIES : own('NOTIFY_PROXY'),
  };
}

function proxyIn(name: string, value: string | undefined): HttpProxy | null {
  const parsed = value === undefined || value === NONE ? null : parseProxy(name, value);
  if (typeof parsed === 'string') throw new Error(`${name} was not validated: it ${parsed}`);
  return parsed;
}

/** Returns the proxies in use, each as `VARIABLE origin`, without credentials. */
export function proxyOrigins({ cxone, notifications }: ReturnType<typeof proxiesOf>): string[] {
  const used = [cxone.https, cxone.http, notifications.https].filter((one) => one !== null);
  return [...new Set(used.map(({ variable, origin }) => `${variable} ${origin}`))];
}

/** Returns messages on proxy variables that are set and have no effect. No message contains a value. */
export function proxyWarnings(env: Given): string[] {
  const shared = withLowerCaseProxies(env);
  const set = (name: string) => (shared[name]?.trim() ?? '') !== '';
  const isProxied = ['CXONE_PROXY', 'NOTIFY_PROXY', 'HTTPS_PROXY', 'HTTP_PROXY'].some(set);
  const { unreadable } = parseNoProxy(shared['NO_PROXY'] ?? '');
  const all = set('ALL_PROXY') || (shared['all_proxy'] ?? '').trim() !== '';
  return [
    ...(isProxied ? unreadable : []).map(
      (place) =>
        `entry ${place} of NO_PROXY has no effect: it is not a host, a domain, an address, a range (CIDR) or *`,
    ),
    ...loopbackWarnings(shared),
    ...(all && !isProxied ? ['ALL_PROXY is not read. Set CXONE_PROXY, or HTTPS_PROXY and HTTP_PROXY'] : []),
  ];
}

/** A CXone on loopback is a simulator, for which the proxy of a machine is seldom meant. It is used all the same, as by curl and Node. */
function loopbackWarnings(env: Given): string[] {
  const url = URL.parse(env['CXONE_BASE_URL'] ?? '');
  if (url === null || !isExempt(LOOPBACK, url) || (env['CXONE_PROXY']?.trim() ?? '') !== '') return [];
  const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  if ((env[name]?.trim() ?? '') === '' || isExempt(parseNoProxy(env['NO_PROXY'] ?? '').exceptions, url)) return [];
  return [
    `requests to CXone at ${url.host} go through the proxy of ${name}. For direct ones set NO_PROXY=${url.hostname} or CXONE_PROXY=${NONE}`,
  ];
}
