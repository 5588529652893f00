// `keys new`: new keys and secrets, printed once and stored nowhere.

import { randomBytes } from 'node:crypto';
import { KEY_NAME } from '../../config/fields.ts';
import { type Action, CommandUsage, readFlags } from '../context.ts';

const FLAGS = {
  app: { type: 'string', multiple: true },
  operator: { type: 'string', multiple: true },
  reader: { type: 'string', multiple: true },
  notify: { type: 'string', multiple: true },
  'callback-secret': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

/** 256 bits: nobody guesses them, so they may be looked up by a fast hash. */
const BYTES = 32;

export const keysNew: Action = {
  help: `Usage: npm run keys -- new [--app NAME]... [--operator NAME]... [--reader NAME]... [--notify APP]... [--callback-secret]

Makes keys and secrets of 256 random bits and prints them as lines for .env, once: they are stored nowhere. Without flags: all
that a new receiver needs.

  --app NAME         a line for APP_KEYS
  --operator NAME    a line for OPERATOR_KEYS: administrators
  --reader NAME      a line for READER_KEYS: operators who only look
  --notify APP       a line for NOTIFY_SECRETS: signs what this app is told
  --callback-secret  a line for CALLBACK_SECRET
  --json             one JSON document instead of lines

To rotate one, put the new one before the old one, behind a comma, and take the old one out when nothing uses it any more.

Exit code: 0 done, 2 it could not be done.

  npm run keys -- new
  npm run keys -- new --app shop --app billing --operator alice
  npm run -s keys -- new --callback-secret >> .env
`,
  run: async (args, context) => {
    const { values } = readFlags(args, FLAGS, 0);
    const { json, 'callback-secret': callbackSecret, ...named } = values;
    const isAny = callbackSecret || Object.values(named).some((names) => names !== undefined);
    const { app = [], operator = [], reader = [], notify = [] } = isAny ? named : { app: ['my-app'], operator: ['me'] };
    const found = {
      APP_KEYS: pairs('--app', app, text),
      OPERATOR_KEYS: pairs('--operator', operator, text),
      READER_KEYS: pairs('--reader', reader, text),
      NOTIFY_SECRETS: pairs('--notify', notify, signing),
      CALLBACK_SECRET: callbackSecret || !isAny ? text() : '',
    };
    const lines = Object.entries(found).filter(([, value]) => value !== '');
    context.write(
      json
        ? `${JSON.stringify(Object.fromEntries(lines))}\n`
        : lines.map(([name, value]) => `${name}=${value}\n`).join(''),
    );
    return 0;
  },
};

/** @throws {CommandUsage} */
function pairs(flag: string, names: readonly string[], secret: () => string): string {
  const wrong = names.find((name) => !KEY_NAME.test(name));
  if (wrong !== undefined) {
    throw new CommandUsage(`${flag}: "${wrong}" must be 1 to 64 letters, digits, dots, underscores or hyphens`);
  }
  return names.map((name) => `${name}:${secret()}`).join(',');
}

function text(): string {
  return randomBytes(BYTES).toString('base64url');
}

/** As Standard Webhooks has them. */
function signing(): string {
  return `whsec_${randomBytes(BYTES).toString('base64')}`;
}
