// Converts Valibot schemas to JSON Schema (2020-12), as OpenAPI 3.1 uses it.

import { type ConversionConfig, toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';
import type { Parameter, Schema } from './model.ts';

export const CONVERSION: ConversionConfig = {
  target: 'draft-2020-12',
  // Apps send and read the input of a schema, not the result of its transformations.
  typeMode: 'input',
  overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
  // A check is code. Its rule is repeated in the metadata beside it, and a test compares the two.
  overrideSchema: ({ valibotSchema }) => (valibotSchema.type === 'custom' ? {} : undefined),
  overrideAction: ({ valibotAction, jsonSchema }) => (valibotAction.type === 'check' ? jsonSchema : undefined),
};

/** Returns the parameters of a query. */
export function queryParameters(query: v.ObjectSchema<v.ObjectEntries, undefined>): Parameter[] {
  return Object.entries(query.entries).map(([name, entry]) => {
    const { $schema: _, description, examples, ...schema } = toJsonSchema(entry, CONVERSION) as Schema;
    const [example] = (examples ?? []) as unknown[];
    return {
      name,
      in: 'query',
      required: false,
      description: String(description),
      // Before it is parsed, a default is text like every value of a query.
      schema: schema['type'] === 'integer' ? { ...schema, default: Number(schema['default']) } : schema,
      ...(example === undefined ? {} : { example }),
    };
  });
}

/** Replaces `anyOf` of a type and null by `type: [..., 'null']` wherever possible, at any depth. */
export function nullableType(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(nullableType);
  if (typeof value !== 'object' || value === null) return value;
  const schema = Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, nullableType(member)]),
  ) as Schema;
  const [first, second, ...more] = (schema['anyOf'] ?? []) as Schema[];
  if (second?.['type'] !== 'null' || more.length > 0 || typeof first?.['type'] !== 'string') return schema;
  const { anyOf: _, ...rest } = schema;
  const orNull = 'enum' in first ? { enum: [...(first['enum'] as unknown[]), null] } : {};
  return { ...first, ...rest, type: [first['type'], 'null'], ...orNull };
}
