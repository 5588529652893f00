// Writes a document of `parseXml` as XML again: the shape stays, prefixes of namespaces are gone. Pure.

import { isJsonObject, type Json, scalarText } from '../execution/json.ts';

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Writes the members of an object as elements; the document of XML has one member, its root element. */
export function writeXml(document: Json): string {
  return isJsonObject(document) ? childrenOf(document) : '';
}

function childrenOf(members: Readonly<Record<string, Json>>): string {
  return Object.entries(members)
    .filter(([name]) => !name.startsWith('@'))
    .map(([name, value]) => (name === '#text' ? escaped(value) : elements(name, value)))
    .join('');
}

function elements(name: string, value: Json): string {
  if (Array.isArray(value)) return value.map((item) => elements(name, item)).join('');
  if (!isJsonObject(value)) return `<${name}>${escaped(value)}</${name}>`;
  const attributes = Object.entries(value)
    .filter(([member]) => member.startsWith('@'))
    .map(([member, text]) => ` ${member.slice(1)}="${escaped(text)}"`);
  return `<${name}${attributes.join('')}>${childrenOf(value)}</${name}>`;
}

function escaped(value: Json): string {
  return (scalarText(value) ?? '').replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? '');
}
