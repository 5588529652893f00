// `npm run docs:configuration`: writes .env.example and the table in docs/configuration.md from the schema of the configuration.

import { readFileSync, writeFileSync } from 'node:fs';
import { profileProblems, readProfile } from '../src/config/cxone.ts';
import { VARIABLES, type Variable } from '../src/config/variables.ts';
import { DESCRIPTIONS, type Description } from './descriptions.ts';

interface Documented extends Variable, Description {}

const ROOT = new URL('../', import.meta.url);
const PAGE = new URL('docs/configuration.md', ROOT);
const EXAMPLE = new URL('.env.example', ROOT);
const [BEGIN, END] = ['<!-- variables -->\n', '<!-- /variables -->'];
const MAX_COLUMNS = 120;

const INTRODUCTION = `# All variables of the receiver. Copy this file to .env and set the variables without a # in front; the others show their
# defaults. The environment takes precedence over .env, and an empty value counts as unset. Quote a value that contains #.
# A secret may come from a file: append _FILE to its name, for example CALLBACK_SECRET_FILE=/run/secrets/callback-secret.
# npm run docs:configuration writes this file from the schema of the configuration.
`;

/** In the order of the groups. */
function documented(): ReadonlyMap<string, Documented[]> {
  const groups = new Map(
    [...new Set(Object.values(DESCRIPTIONS).map(({ group }) => group))].map((title) => [title, [] as Documented[]]),
  );
  for (const [name, description] of Object.entries(DESCRIPTIONS)) {
    const variable = VARIABLES.find((one) => one.name === name);
    if (variable !== undefined) groups.get(description.group)?.push({ ...variable, ...description });
  }
  return groups;
}

/** Returns the text of .env.example. */
export function exampleFile(): string {
  // The variables that the built-in upstream profile needs, and those that no configuration can do without.
  const needed = profileProblems({}, readProfile({}));
  const entry = ({ name, text, unit, fallback, required }: Documented) => {
    const isActive = required || needed.has(name);
    const comment = wrap(`${text}${unit === null ? '' : ` Unit: ${unit}.`}`.replaceAll('`', ''));
    return `${comment}\n${isActive ? '' : '#'}${name}=${isActive ? '' : (fallback ?? '')}\n`;
  };
  const groups = [...documented()].map(([title, variables]) => `\n## ${title}\n\n${variables.map(entry).join('')}`);
  return `${INTRODUCTION}${groups.join('')}`;
}

/** Returns the page with its table replaced. */
export function page(text: string): string {
  const [before = '', after] = [text.slice(0, text.indexOf(BEGIN)), text.split(END)[1]];
  if (!text.includes(BEGIN) || after === undefined)
    throw new Error('docs/configuration.md lacks the markers of its table');
  const row = ({ name, fallback, required, secret, unit, text: meaning }: Documented) => {
    const absent = required ? 'required' : '–';
    const shown = fallback === null ? absent : `\`${fallback.replaceAll(',', ', ')}\``;
    return `| \`${name}\`${secret ? ' (secret)' : ''} | ${shown} | ${unit ?? ''} | ${meaning.replaceAll('|', '\\|').replaceAll(/(?<!`)\*/g, '\\*')} |`;
  };
  const groups = [...documented()].map(
    ([title, variables]) =>
      `### ${title}\n\n| variable | default | unit | meaning |\n| --- | --- | --- | --- |\n${variables.map(row).join('\n')}\n`,
  );
  return `${before}${BEGIN}\n${groups.join('\n')}\n${END}${after}`;
}

function wrap(text: string): string {
  const lines = ['#'];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line.length + 1 + word.length > MAX_COLUMNS && line !== '#') lines.push(`# ${word}`);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines.join('\n');
}

if (import.meta.main) {
  writeFileSync(EXAMPLE, exampleFile());
  writeFileSync(PAGE, page(readFileSync(PAGE, 'utf8')));
}
