// The schemas of bodies by their names in the document: each is registered where it is declared.

import { toJsonSchemaDefs } from '@valibot/to-json-schema';
import type * as v from 'valibot';
import { CONVERSION, nullableType } from './json-schema.ts';
import type { MediaType, Reference, RequestBodyObject, ResponseObject, Schema } from './model.ts';

/** Adds to the JSON Schema what the Valibot schema cannot express. */
type Refine = (schema: Schema) => Schema;

const COMPONENTS = new Map<v.GenericSchema, { readonly name: string; readonly refine: Refine }>();

/** Registers the schema under its name in the document, and returns it. */
export function component<S extends v.GenericSchema>(name: string, schema: S, refine: Refine = (json) => json): S {
  COMPONENTS.set(schema, { name, refine });
  return schema;
}

/** For request bodies: validate() rejects members that the schema does not name. */
export function closed(schema: Schema): Schema {
  const properties = Object.entries((schema['properties'] ?? {}) as { readonly [name: string]: Schema });
  const members = properties.map(([name, rule]) => [name, withInnerDefault(rule)] as const);
  // promise: openapi-is-strict
  return { ...schema, properties: Object.fromEntries(members), additionalProperties: false };
}

/**
 * Moves a rule with a `default` into `allOf`. Generators of types require a member with `default` next to its type, as a response
 * would have it; in a request the member may be absent.
 */
function withInnerDefault(rule: Schema): Schema {
  if (!('default' in rule)) return rule;
  const { description, ...inner } = rule;
  // promise: types-of-defaults-are-optional
  return { ...(description === undefined ? {} : { description }), allOf: [inner] };
}

/** Returns the rule without `allOf` around it. */
export function flatRule({ allOf, ...rule }: Schema): Schema {
  return Object.assign({}, rule, ...((allOf ?? []) as Schema[]));
}

/** Returns a reference to a registered schema. @throws {Error} if it is not registered. */
export function reference(schema: v.GenericSchema): Reference & { readonly [keyword: string]: unknown } {
  const registered = COMPONENTS.get(schema);
  if (registered === undefined) throw new Error('the schema is not registered as a component');
  return { $ref: `#/components/schemas/${registered.name}` };
}

/** Returns a JSON body with one schema and with examples by name. */
export function jsonContent<S extends v.GenericSchema>(
  schema: S,
  examples: { readonly [name: string]: v.InferInput<S> },
): { readonly 'application/json': MediaType } {
  const named = Object.entries(examples).map(([name, value]) => [name, { value }] as const);
  return { 'application/json': { schema: reference(schema), examples: Object.fromEntries(named) } };
}

/** Returns a response with such a body. */
export function jsonResponse<S extends v.GenericSchema>(
  description: string,
  schema: S,
  examples: { readonly [name: string]: v.InferInput<S> },
  headers?: NonNullable<ResponseObject['headers']>,
): ResponseObject {
  return { description, ...(headers && { headers }), content: jsonContent(schema, examples) };
}

/** Returns a required request body of this kind. */
export function jsonRequest<S extends v.GenericSchema>(
  schema: S,
  examples: { readonly [name: string]: v.InferInput<S> },
): RequestBodyObject {
  return { required: true, content: jsonContent(schema, examples) };
}

/** Returns `components.schemas`. A schema that contains another one refers to it. */
export function componentSchemas(): Record<string, Schema> {
  const entries = [...COMPONENTS].map(([schema, { name, refine }]) => ({ schema, name, refine }));
  const converted = toJsonSchemaDefs(Object.fromEntries(entries.map(({ name, schema }) => [name, schema])), CONVERSION);
  return Object.fromEntries(
    entries.map(({ name, refine }) => [name, refine(nullableType(converted[name] as Schema) as Schema)]),
  );
}
