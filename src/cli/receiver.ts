// Calls the running receiver for commands that change something: only the receiver writes the database.

import { Agent, EnvHttpProxyAgent, fetch as fetchThrough } from 'undici';
import { type Client, createClient } from '../client/client.ts';
import { type Connection, connectionOf } from '../client/connection.ts';
import { ReceiverError } from '../client/requests.ts';
import { readVariable } from '../config/config.ts';
import { parseJson } from '../execution/json.ts';
import { type CommandContext, CommandError, type Variables } from './context.ts';

export const RECEIVER_HELP = `Calls the running receiver at RECEIVER_URL (default: http://HOST:PORT) with the key in RECEIVER_KEY (default: the first of
OPERATOR_KEYS).`;

/** A request for all that match is answered when all are processed. */
export const ALL_TIMEOUT_MS = 600_000;

/**
 * Returns a function that sends a request as an operator. Both throw a CommandError: this one if the address or the key is not
 * configured, the function if the receiver refuses.
 */
export function asOperator({ env }: Pick<CommandContext, 'env'>, answerWithinMs?: number): Client['request'] {
  const variables = env();
  const key = textOf(variables, 'RECEIVER_KEY') ?? readVariable(variables, 'OPERATOR_KEYS')?.[0]?.key;
  if (key === undefined) throw new CommandError('An operator key is missing: set RECEIVER_KEY or OPERATOR_KEYS.');
  const connection = connect(variables, key);
  const patient = answerWithinMs === undefined ? {} : { answerWithinMs, fetch: fetchFor(answerWithinMs, variables) };
  const { request } = createClient({ ...connection, ...patient });
  return (...call) => callReceiver(connection, () => request(...call));
}

/** Node's own fetch gives up after 300 s without a response. As it does, this one takes the proxy of the environment on request. */
function fetchFor(ms: number, variables: Variables): typeof globalThis.fetch {
  const Dispatcher = textOf(variables, 'NODE_USE_ENV_PROXY') === '1' ? EnvHttpProxyAgent : Agent;
  // promise: command-waits-for-all
  const dispatcher = new Dispatcher({ headersTimeout: ms });
  const patient = (url: string, init: object) => fetchThrough(url, { ...init, dispatcher });
  return patient as unknown as typeof globalThis.fetch;
}

/** Returns the path of an action on one execution. */
export function executionPath(correlationId: string, verb: string) {
  return `/v1/executions/${encodeURIComponent(correlationId)}/${verb}` as const;
}

/** Connects as this app, or as the only configured app. @throws {CommandError} */
export function asApp({ env }: Pick<CommandContext, 'env'>, app: string | undefined): Connection {
  const variables = env();
  const own = textOf(variables, 'RECEIVER_KEY');
  if (app === undefined && own !== undefined) return connect(variables, own);
  const keys = readVariable(variables, 'APP_KEYS');
  const names = [...new Set(keys.map(({ name }) => name))];
  const name = app ?? (names.length === 1 ? names[0] : undefined);
  if (name === undefined) throw new CommandError(`Name the app with --app: ${names.join(', ')}`);
  const found = keys.find((key) => key.name === name);
  if (found === undefined) throw new CommandError(`--app: "${name}" is not in APP_KEYS, which has ${names.join(', ')}`);
  return connect(variables, found.key);
}

function connect(variables: Variables, key: string): Connection {
  try {
    // One attempt: the user is waiting and should see the failure at once.
    return connectionOf({ baseUrl: urlOf(variables), key, attempts: 1, parseJson });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new CommandError(error.message.replace('baseUrl', 'RECEIVER_URL').replace(/^key/, 'RECEIVER_KEY'));
  }
}

function urlOf(variables: Variables): string {
  const url = textOf(variables, 'RECEIVER_URL');
  if (url !== undefined) return url;
  const [host, port] = [readVariable(variables, 'HOST'), readVariable(variables, 'PORT')];
  if (readVariable(variables, 'TLS_CERT_FILE') !== undefined) {
    throw new CommandError('The receiver uses TLS: set RECEIVER_URL to https:// and a name in its certificate.');
  }
  if (port === 0) throw new CommandError('PORT is 0, so the port of the receiver is not known: set RECEIVER_URL.');
  return localUrl('http', host, port);
}

/** Returns the URL at which this machine reaches what listens there. */
export function localUrl(scheme: 'http' | 'https', host: string, port: number): string {
  const here = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
  return `${scheme}://${here.includes(':') ? `[${here}]` : here}:${port}`;
}

function textOf(variables: Variables, name: string): string | undefined {
  return variables[name]?.trim() || undefined;
}

/** Responses that refuse the request for its content. All others mean that the receiver could not process it. */
const REFUSALS = [400, 404, 409, 413, 422];

/** Translates errors of the client. @throws {CommandError} */
export async function callReceiver<T>({ baseUrl }: Connection, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof ReceiverError)) throw error;
    if (error.code === 'no-answer') {
      const hint = error.correlationId === null ? '' : ` Look for it with: executions show ${error.correlationId}`;
      throw new CommandError(`${error.message}. Is it running at ${baseUrl} (RECEIVER_URL)?${hint}`);
    }
    throw new CommandError(error.message, REFUSALS.includes(error.status) ? 1 : 2);
  }
}
