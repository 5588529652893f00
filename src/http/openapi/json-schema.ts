// Valibot schemas as JSON Schema (2020-12), as OpenAPI 3.1 has it.

import { type ConversionConfig, toJsonSchema, toJsonSchemaDefs } from '@valibot/to-json-schema';
import type * as v from 'valibot';
import type { Parameter, Schema } from './model.ts';

const CONFIG: ConversionConfig = {
  target: 'draft-2020-12',
  // What apps send and read, not what becomes of it here.
  typeMode: 'input',
  overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
  // A check is code. What it asks for stands in the metadata beside it, and a test holds the one to the other.
  overrideSchema: ({ valibotSchema }) => (valibotSchema.type === 'custom' ? {} : undefined),
  overrideAction: ({ valibotAction, jsonSchema }) => (valibotAction.type === 'check' ? jsonSchema : undefined),
};

/** Each by its name; where one holds another, it refers to it. */
export function schemasOf(schemas: Readonly<Record<string, v.GenericSchema>>): Record<string, Schema> {
  const converted = toJsonSchemaDefs({ ...schemas }, CONFIG);
  return Object.fromEntries(Object.entries(converted).map(([name, schema]) => [name, tidy(schema as Schema)]));
}

/** What validate() checks: fields that are not named are refused. */
export function closed(schema: Schema): Schema {
  // promise: openapi-is-strict
  return { ...schema, additionalProperties: false };
}

/** The parameters that a query is checked for. */
export function queryParameters(query: v.ObjectSchema<v.ObjectEntries, undefined>): Parameter[] {
  return Object.entries(query.entries).map(([name, entry]) => {
    const { $schema: _, description, examples, ...schema } = toJsonSchema(entry, CONFIG) as Schema;
    const [example] = (examples ?? []) as unknown[];
    return {
      name,
      in: 'query',
      required: false,
      description: String(description),
      // Before it is read, a default is text like everything in a query.
      schema: schema['type'] === 'integer' ? { ...schema, default: Number(schema['default']) } : schema,
      ...(example === undefined ? {} : { example }),
    };
  });
}

/** `anyOf` with nothing but null in addition, as `type: [..., 'null']` wherever that can be said. */
function tidy(value: unknown): Schema {
  return simplified(value) as Schema;
}

function simplified(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(simplified);
  if (typeof value !== 'object' || value === null) return value;
  const schema = Object.fromEntries(Object.entries(value).map(([key, member]) => [key, simplified(member)])) as Schema;
  const [first, second, ...more] = (schema['anyOf'] ?? []) as Schema[];
  if (second?.['type'] !== 'null' || more.length > 0 || typeof first?.['type'] !== 'string') return schema;
  const { anyOf: _, ...rest } = schema;
  const orNull = 'enum' in first ? { enum: [...(first['enum'] as unknown[]), null] } : {};
  return { ...first, ...rest, type: [first['type'], 'null'], ...orNull };
}
