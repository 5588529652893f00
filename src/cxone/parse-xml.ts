// Parses XML into a JSON document of texts, for profiles that ask for it. Document types and entities are refused.

import { SaxesParser, type SaxesTagPlain } from 'saxes';
import { type Json, MAX_JSON_DEPTH } from '../execution/json.ts';
import { DocumentError } from './tolerant-json.ts';

interface Element {
  readonly name: string;
  readonly members: Map<string, Json[]>;
  text: string;
}

/**
 * Returns the document with its root element as the only member. An element with children or attributes becomes an object:
 * attributes are members with @ before their name, its text is "#text". Equal names make a list. Every value stays text, and
 * prefixes of namespaces are dropped.
 * @throws {DocumentError} for a text that is not well-formed, is too deep or has a document type
 */
export function parseXml(text: string): Json {
  const open: Element[] = [newElement('')];
  const parser = new SaxesParser<object>();
  parser.on('error', () => refuse('the body is not well-formed XML'));
  // Entities that the document declares could expand without end or read files.
  parser.on('doctype', () => refuse('the body is XML with a document type, which is not read'));
  parser.on('opentag', (tag: SaxesTagPlain) => {
    if (open.length > MAX_JSON_DEPTH) refuse('the body is XML that is nested too deeply');
    const element = newElement(localName(tag.name));
    for (const [name, value] of Object.entries(tag.attributes)) {
      if (!/^xmlns(?::|$)/.test(name)) add(element, `@${localName(name)}`, value);
    }
    open.push(element);
  });
  const addText = (part: string) => {
    const element = open.at(-1);
    if (element !== undefined) element.text += part;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const element = open.pop();
    const parent = open.at(-1);
    if (element !== undefined && parent !== undefined) add(parent, element.name, jsonOf(element));
  });
  parser.write(text.trimStart()).close();
  const [root] = open;
  return root === undefined ? null : jsonOf(root);
}

function newElement(name: string): Element {
  return { name, members: new Map(), text: '' };
}

function add({ members }: Element, name: string, value: Json): void {
  const values = members.get(name);
  if (values === undefined) members.set(name, [value]);
  else values.push(value);
}

function jsonOf({ members, text }: Element): Json {
  if (members.size === 0) return text;
  const entries = [...members].map(([name, values]) => [name, values.length === 1 ? (values[0] ?? null) : values]);
  return Object.fromEntries(text.trim() === '' ? entries : [...entries, ['#text', text]]);
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function refuse(reason: string): never {
  throw new DocumentError(reason);
}
