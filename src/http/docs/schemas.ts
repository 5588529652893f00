// Renders schemas as tables: a row per member, with links between schemas.

import { html } from 'hono/html';
import { anchor, code, type Html, inline, paragraphs, shown, table } from '../html.ts';
import { flatRule } from '../openapi/components.ts';
import type { Header, Schema } from '../openapi/model.ts';

export function nameIn(reference: unknown): string {
  return String(reference).split('/').at(-1) ?? '';
}

/** Describes the type in a few words. */
export function typeOf(schema: Schema): Html {
  const { $ref, anyOf, oneOf, enum: options, const: only, items, type, format } = schema;
  if ($ref !== undefined) return html`<a href="#${anchor('schema', nameIn($ref))}">${nameIn($ref)}</a>`;
  const alternatives = (anyOf ?? oneOf) as readonly Schema[] | undefined;
  if (alternatives !== undefined) return joined(alternatives.map(typeOf), ' or ');
  if (only !== undefined) return html`<code>${JSON.stringify(only)}</code>`;
  if (Array.isArray(options))
    return joined(
      options.map((option) => html`<code>${JSON.stringify(option)}</code>`),
      ' ',
    );
  if (type === 'array') return html`list of ${typeOf((items ?? {}) as Schema)}`;
  if (schema['contentSchema'] !== undefined) return html`stream of ${typeOf(schema['contentSchema'] as Schema)}`;
  const types = [type ?? 'any JSON'].flat().join(' or ');
  return html`${types}${format === undefined ? '' : html` <small>(${String(format)})</small>`}`;
}

/** Describes the constraints of the schema. */
function rulesOf(schema: Schema): Html[] {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems, pattern } = schema;
  const rules = [
    range('', minimum, maximum),
    range('characters', minLength, maxLength),
    range('items', minItems, maxItems),
  ];
  const said = rules.filter((rule) => rule !== '').map((rule) => html`<div>${rule}</div>`);
  const fallback = schema['default'];
  return [
    ...said,
    ...(pattern === undefined ? [] : [html`<div>matches <code>${String(pattern)}</code></div>`]),
    ...(fallback === undefined ? [] : [html`<div>default <code>${JSON.stringify(fallback)}</code></div>`]),
  ];
}

function range(noun: string, from: unknown, to: unknown): string {
  const after = noun === '' ? '' : ` ${noun}`;
  if (from === 1 && to === undefined && noun !== '') return 'not empty';
  if (from !== undefined && to !== undefined) return `${from} to ${to}${after}`;
  if (from !== undefined) return `at least ${from}${after}`;
  return to === undefined ? '' : `at most ${to}${after}`;
}

/** Renders the members of an object, or one line for any other type. */
export function schemaTable(name: string, schema: Schema): Html {
  const properties = schema['properties'] as { readonly [name: string]: Schema } | undefined;
  if (properties === undefined) return html`<p>${typeOf(schema)}</p>`;
  const required = (schema['required'] ?? []) as readonly string[];
  const closed = schema['additionalProperties'] === false;
  // Requests mark required members, responses mark optional ones.
  const mark = (member: string) => {
    if (closed) return required.includes(member) ? html` <em>required</em>` : '';
    return required.includes(member) ? '' : html` <em>optional</em>`;
  };
  const rules = Object.entries(properties).map(([member, rule]) => [member, flatRule(rule)] as const);
  const rows = rules.map(
    ([member, rule]) => html`<tr>
      <th scope="row"><code>${member}</code>${mark(member)}</th>
      <td>${typeOf(rule)}${rulesOf(rule)}</td>
      <td>${inline(String(rule['description'] ?? ''))}</td>
    </tr>`,
  );
  return table(
    `Members of ${name}${closed ? ' (other members are rejected)' : ''}`,
    ['Member', 'Type', 'Meaning'],
    rows,
  );
}

/** Renders parameters and headers as a table. */
export function namedTable(caption: string, rows: readonly Named[]): Html {
  const each = rows.map(
    ({ name, place, required, schema, description, example }) => html`<tr>
      <th scope="row"><code>${name}</code> <small>${place}</small>${required ? html` <em>required</em>` : ''}</th>
      <td>${typeOf(schema)}${rulesOf(schema)}</td>
      <td>${inline(description)}${example === undefined ? '' : html`<div>for example <code>${shown(example)}</code></div>`}</td>
    </tr>`,
  );
  return table(caption, ['Name', 'Type', 'Meaning'], each);
}

interface Named extends Header {
  readonly name: string;
  readonly place: string;
  readonly required: boolean;
}

export function schemaSection(name: string, schema: Schema): Html {
  const id = anchor('schema', name);
  return html`<section aria-labelledby="${id}">
    <h3 id="${id}">${name}</h3>
    ${paragraphs(String(schema['description'] ?? ''))}
    ${schemaTable(name, schema)}
  </section>`;
}

export function examplesOf(examples: { readonly [name: string]: { readonly value: unknown } } = {}): Html[] {
  return Object.entries(examples).map(
    ([name, { value }]) =>
      html`<details><summary>Example: ${name}</summary>${code(`Example: ${name}`, shown(value))}</details>`,
  );
}

function joined(parts: readonly Html[], between: string): Html {
  return html`${parts.map((part, index) => (index === 0 ? part : html`${between}${part}`))}`;
}
