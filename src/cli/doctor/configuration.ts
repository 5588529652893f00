// Whether the configuration is one that `start` would take, and one that CXone can call back.

import { type Config, ConfigError, readConfig } from '../../config/config.ts';
import { proxyOrigins } from '../../config/proxies.ts';
import { STRONGER_SECRETS, weakSecretsIn } from '../../config/secrets.ts';
import type { CommandContext } from '../context.ts';
import { type Check, fail, ok, warn } from './check.ts';

export interface Configured {
  readonly checks: readonly Check[];
  /** Null when there is a mistake in it. */
  readonly config: Config | null;
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

export function checkConfiguration({
  env,
  variableWarnings,
}: Pick<CommandContext, 'env' | 'variableWarnings'>): Configured {
  const name = 'configuration';
  let config: Config;
  try {
    config = readConfig(env());
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { checks: mistakesIn(error), config: null };
  }
  const checks = [
    ok(name, `complete, upstream profile "${config.cxone.profile.name}"`),
    publicUrl(config),
    secrets(config),
  ];
  checks.push(...weakSecretsIn(config).map((warning) => warn('weak secrets', warning, STRONGER_SECRETS)));
  checks.push(...notifications(config), ...proxies(config));
  const advice = 'correct the variable, or remove it';
  checks.push(...variableWarnings().map((warning) => warn(name, warning, advice)));
  return { checks, config };
}

function mistakesIn({ problems }: ConfigError): Check[] {
  const advice = 'set it in the environment or in .env; .env.example states the values of each';
  return problems.map((problem) => fail('configuration', problem.replaceAll(/\s*\n\s*/g, '; '), advice));
}

function publicUrl({ publicUrl: url }: Config): Check {
  const name = 'public url';
  const { protocol, hostname } = new URL(url);
  if (LOOPBACK.test(hostname)) {
    return warn(name, `${url} is this machine: callbacks cannot come`, 'set PUBLIC_URL to where CXone reaches it');
  }
  if (protocol === 'http:') {
    return warn(name, `${url} is not encrypted: callbacks can be read on the way`, 'terminate TLS and use https://');
  }
  return ok(name, url);
}

function secrets({ callbackSecrets }: Config): Check {
  const name = 'callback secret';
  const old = callbackSecrets.length - 1;
  if (old === 0) return ok(name, 'one, which signs and verifies');
  const advice = 'drop the old ones once the last execution that was sent under them has ended';
  return warn(name, `being rotated: ${old} old beside the new one`, advice);
}

/** Nothing where there is nothing to think about. */
function notifications({ notifications: { allowedOrigins, secrets: given } }: Config): Check[] {
  const name = 'notifications';
  const plain = allowedOrigins.filter(({ origin }) => origin.startsWith('http:'));
  const open = plain.filter(({ origin }) => !LOOPBACK.test(new URL(origin).hostname));
  const rotated = Map.groupBy(given, ({ app }) => app);
  return [
    ...open.map(({ origin }) =>
      warn(name, `${origin} is not encrypted: results can be read on the way`, 'list it as https:// if it can be'),
    ),
    ...[...rotated]
      .filter(([, secretsOfApp]) => secretsOfApp.length > 1)
      .map(([app, { length }]) =>
        warn(
          name,
          `the secret of ${app} is being rotated: ${length} sign`,
          'drop the old once the app has the new one',
        ),
      ),
  ];
}

/** Nothing without a proxy. Credentials are never part of it. */
function proxies({ proxies: configured }: Config): Check[] {
  const origins = proxyOrigins(configured);
  if (origins.length === 0) return [];
  const direct =
    configured.notifications.https === null ? '; notifications are sent directly, without NOTIFY_PROXY' : '';
  return [ok('proxy', `outgoing requests take ${origins.join(' and ')}${direct}`)];
}
