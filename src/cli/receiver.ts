// Speaks to the running receiver for commands that change something: it is the only one who writes.

import { type Connection, connectionOf } from '../client/connection.ts';
import { ReceiverError } from '../client/requests.ts';
import { readVariable } from '../config/config.ts';
import { parseJson } from '../execution/json.ts';
import { type CommandContext, CommandError, CommandUsage, type Variables } from './context.ts';
import { orNearest } from './did-you-mean.ts';

/** For the help of whatever speaks to it. */
export const RECEIVER_HELP = `Asks the running receiver at RECEIVER_URL (http://HOST:PORT unless set) with the key in RECEIVER_KEY (the first of
OPERATOR_KEYS unless set).`;

/** As an operator. @throws {CommandError} when it is not known where the receiver is, or under which key. */
export function asOperator({ env }: Pick<CommandContext, 'env'>): Connection {
  const variables = env();
  const key = given(variables, 'RECEIVER_KEY') ?? readVariable(variables, 'OPERATOR_KEYS')?.[0]?.key;
  if (key === undefined) throw new CommandError('There is no key of an operator: set RECEIVER_KEY, or OPERATOR_KEYS.');
  return connect(variables, key);
}

/** As that app; as the only one there is when none is named. @throws {CommandError} @throws {CommandUsage} */
export function asApp({ env }: Pick<CommandContext, 'env'>, app: string | undefined): Connection {
  const variables = env();
  const own = given(variables, 'RECEIVER_KEY');
  if (app === undefined && own !== undefined) return connect(variables, own);
  const keys = readVariable(variables, 'APP_KEYS');
  const names = [...new Set(keys.map(({ name }) => name))];
  const name = app ?? (names.length === 1 ? names[0] : undefined);
  if (name === undefined) throw new CommandUsage(`Say for which app with --app: ${names.join(', ')}`);
  const found = keys.find((one) => one.name === name);
  if (found === undefined) throw new CommandUsage(`--app: "${name}" is not in APP_KEYS${orNearest(name, names)}`);
  return connect(variables, found.key);
}

function connect(variables: Variables, key: string): Connection {
  try {
    // Somebody waits at a terminal: what fails is said at once.
    return connectionOf({ baseUrl: urlOf(variables), key, attempts: 1, parseJson });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new CommandError(error.message.replace('baseUrl', 'RECEIVER_URL').replace(/^key/, 'RECEIVER_KEY'));
  }
}

function urlOf(variables: Variables): string {
  const said = given(variables, 'RECEIVER_URL');
  if (said !== undefined) return said;
  const [host, port] = [readVariable(variables, 'HOST'), readVariable(variables, 'PORT')];
  if (readVariable(variables, 'TLS_CERT_FILE') !== undefined) {
    throw new CommandError(
      'The receiver speaks TLS: set RECEIVER_URL to https:// and a name that is in its certificate.',
    );
  }
  if (port === 0)
    throw new CommandError('PORT is 0, so the receiver listens where the system put it: set RECEIVER_URL.');
  // What listens everywhere is found here.
  const here = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
  return `http://${here.includes(':') ? `[${here}]` : here}:${port}`;
}

function given(variables: Variables, name: string): string | undefined {
  return variables[name]?.trim() || undefined;
}

/** Refusals for what they are asked about are a no; all else means that nothing was done. */
const NO = [400, 404, 409, 413, 422];

/** @throws {CommandError} @throws {CommandError} */
export async function ask<T>({ baseUrl }: Connection, question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (error) {
    if (!(error instanceof ReceiverError)) throw error;
    if (error.code === 'no-answer') {
      const perhaps = error.correlationId === null ? '' : ` Look for it with: executions show ${error.correlationId}`;
      throw new CommandError(`${error.message}. Is it running at ${baseUrl}, as RECEIVER_URL says?${perhaps}`);
    }
    throw NO.includes(error.status) ? new CommandError(error.message) : new CommandError(error.message, 1);
  }
}
