// `keys new`: makes keys and secrets, which are printed once and not stored.

import { randomBytes } from 'node:crypto';
import { KEY_NAME } from '../config/fields.ts';
import { CommandError, type Declare } from './context.ts';
import { collect, jsonOption, withHelp } from './options.ts';
import { writeResult } from './print.ts';

/** 256 bits cannot be guessed, so a fast hash is enough to look keys up. */
const KEY_BYTES = 32;

const EXAMPLES = [
  'npm run -s keys -- new',
  'npm run -s keys -- new --app shop --app billing --operator alice',
  'npm run -s keys -- new --callback-secret >> .env',
];

export const keys: Declare = (command, context) => {
  withHelp(command, {
    description: 'Makes keys and secrets. They are printed once and not stored.',
    exitCodes: '0 done, 2 the command could not be carried out',
    examples: EXAMPLES,
  });
  keysNew(command.command('new').summary('make keys of apps, operators and readers, and signing secrets'), context);
};

const keysNew: Declare = (command, { write }) =>
  withHelp(command, {
    description: `Makes keys and secrets of 256 random bits and prints them as lines for .env. They are not stored.
Without options, it makes all that a new receiver needs. All options with a name may be repeated.`,
    notes:
      'To rotate a key, put the new one before the old one, with a comma between; remove the old one when it is unused.',
    exitCodes: '0 done, 2 the command could not be carried out',
    examples: EXAMPLES,
  })
    .option('--app <name>', 'a line for APP_KEYS', collect)
    .option('--operator <name>', 'a line for OPERATOR_KEYS: administrators', collect)
    .option('--reader <name>', 'a line for READER_KEYS: operators who only read', collect)
    .option('--notify <app>', 'a line for NOTIFY_SECRETS: signs notifications to this app', collect)
    .option('--incident-webhook', 'a line for INCIDENT_WEBHOOK_SECRET: signs incidents to your own webhook')
    .option('--callback-secret', 'a line for CALLBACK_SECRET')
    .addOption(jsonOption)
    .action(({ json, callbackSecret = false, incidentWebhook = false, ...named }) => {
      const isAny = callbackSecret || incidentWebhook || Object.keys(named).length > 0;
      const {
        app = [],
        operator = [],
        reader = [],
        notify = [],
      } = isAny ? named : { app: ['my-app'], operator: ['me'] };
      const found = {
        APP_KEYS: pairs('--app', app, text),
        OPERATOR_KEYS: pairs('--operator', operator, text),
        READER_KEYS: pairs('--reader', reader, text),
        NOTIFY_SECRETS: pairs('--notify', notify, signing),
        INCIDENT_WEBHOOK_SECRET: incidentWebhook ? signing() : '',
        CALLBACK_SECRET: callbackSecret || !isAny ? text() : '',
      };
      const lines = Object.entries(found).filter(([, value]) => value !== '');
      const shown = lines.map(([name, value]) => `${name}=${value}`).join('\n');
      writeResult({ write }, json, Object.fromEntries(lines), shown);
    });

/** @throws {CommandError} */
function pairs(flag: string, names: readonly string[], secret: () => string): string {
  const wrong = names.find((name) => !KEY_NAME.test(name));
  if (wrong !== undefined) {
    throw new CommandError(`${flag}: "${wrong}" must be 1 to 64 letters, digits, dots, underscores or hyphens`);
  }
  return names.map((name) => `${name}:${secret()}`).join(',');
}

function text(): string {
  return randomBytes(KEY_BYTES).toString('base64url');
}

/** Returns a secret in the format of Standard Webhooks. */
function signing(): string {
  return `whsec_${randomBytes(KEY_BYTES).toString('base64')}`;
}
