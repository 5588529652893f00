// The `simulator` command at a terminal.

import { expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { loadProfile } from '../../src/cxone/profile/profile.ts';
import { DIALECT_NAMES } from '../../src/simulator/dialects.ts';
import { catalogue } from '../../src/simulator/fates/catalogue.ts';
import { command } from '../cli/harness.ts';

async function started(args: readonly string[]) {
  const stop = new AbortController();
  let said = '';
  const around = {
    write: (text: string) => {
      said += text;
    },
    interrupted: () => stop.signal,
  };
  const over = command(['simulator', '--port', '0', ...args], {}, false, around);
  // A start that fails ends the waiting too.
  await Promise.race([over, expect.poll(() => said).toContain('OPERATOR_KEYS=')]);
  const base = /CXONE_BASE_URL=(\S+)/.exec(said)?.[1] ?? '';
  return {
    base,
    said: () => said,
    stop: () => {
      stop.abort();
      return over;
    },
  };
}

test('it prints its URL and a .env to try, and stops cleanly on a signal', async () => {
  const { base, said, stop } = await started([]);
  expect(base).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  for (const name of ['CXONE_CLIENT_ID', 'CXONE_CLIENT_SECRET', 'PUBLIC_URL', 'CALLBACK_SECRET', 'APP_KEYS']) {
    expect(said()).toContain(`${name}=`);
  }
  for (const path of ['/simulator/stats', '/readyz']) expect((await fetch(`${base}${path}`)).status).toBe(200);
  await stop();
  await expect(fetch(base)).rejects.toThrow();
});

test('the receiver accepts its sample .env', async () => {
  const { base, said, stop } = await started([]);
  const env = Object.fromEntries(
    [...said().matchAll(/^ {2}([A-Z_]+)=(.+)$/gm)].map(([, name, value]) => [name, value]),
  );
  expect(readConfig(env).cxone).toMatchObject({ baseUrl: base, clientId: 'simulator' });
  await stop();
});

test.for(DIALECT_NAMES)(
  'in the dialect %s its sample .env names that profile and has all that it needs',
  async (dialect) => {
    const { said, stop } = await started(['--dialect', dialect]);
    const [url = ''] = /http:[^\s]+\d/.exec(said()) ?? [];
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const env = Object.fromEntries(
      [...said().matchAll(/^ {2}([A-Z_]+)=(.+)$/gm)].map(([, name, value]) => [name, value]),
    );
    expect(loadProfile(readConfig(env).cxone.profilePath).name).toBe(dialect);
    await stop();
  },
);

test('its sample credentials get a token, and each call is one line without a secret', async () => {
  const { base, said, stop } = await started([]);
  const [, id = '', secret = ''] = /CLIENT_ID=(\S+)\s+CXONE_CLIENT_SECRET=(\S+)/.exec(said()) ?? [];
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: secret });
  const token = (await (await fetch(`${base}/api/v2/oauth/token`, { method: 'POST', body })).json()) as {
    access_token: string;
  };
  const lines = said().split('\n');
  expect(lines).toContain('token     200');
  expect(said()).not.toContain(token.access_token);
  await stop();
});

test('its flags set the options', async () => {
  const { base, stop } = await started(['--quiet', '--scope', 'dx:actions:read', '--token-seconds', '60']);
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: 'simulator',
    client_secret: 'simulator-secret',
  });
  const response = await fetch(`${base}/api/v2/oauth/token`, { method: 'POST', body });
  expect(await response.json()).toMatchObject({ expires_in: 60, scope: 'dx:actions:read' });
  await stop();
});

test('--help lists every fate and the control surface', async () => {
  const { code, out } = await command('simulator --help');
  expect(code).toBe(0);
  for (const { fate } of catalogue) expect(out).toContain(`  ${fate} `);
  expect(out).toContain('POST /simulator/outage');
});

test.for([
  [['--port', 'eighty'], '--port'],
  [['--port', '70000'], '--port'],
  [['--run', '-5'], '--run'],
  [['--retry-after', 'soon'], '--retry-after'],
  [['--fate', 'lost-callback'], 'The share of lost-callback'],
  [['--fate', 'lost-callback=2'], 'The share of lost-callback'],
  [['--fate', 'no-such=0.1'], 'no-such'],
  [['--fate', 'lost-callback=0.7', '--fate', 'poll-gone=0.7'], '--fate'],
  [['--frobnicate'], '--frobnicate'],
  [['stray'], 'stray'],
] as const)('%j is refused by name', async ([args, hint]) => {
  const { code, out, err } = await command(['simulator', ...args]);
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain(hint);
});
