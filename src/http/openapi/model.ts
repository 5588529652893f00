// The parts of an OpenAPI 3.1 document, as far as this one has them.

export type Schema = { readonly [keyword: string]: unknown };

export interface Reference {
  readonly $ref: string;
}

export interface Example {
  readonly summary?: string;
  readonly value: unknown;
}

export interface MediaType {
  readonly schema: Schema;
  readonly examples?: { readonly [name: string]: Example };
}

export interface Header {
  readonly description: string;
  readonly required?: boolean;
  readonly schema: Schema;
  readonly example?: unknown;
}

export interface ResponseObject {
  readonly description: string;
  readonly headers?: { readonly [name: string]: Header | Reference };
  readonly content?: { readonly [type: string]: MediaType };
}

export interface Parameter extends Header {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
}

export interface RequestBodyObject {
  readonly required: boolean;
  readonly description?: string;
  readonly content: { readonly [type: string]: MediaType };
}

export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly security: readonly { readonly [scheme: string]: readonly string[] }[];
  readonly parameters?: readonly (Parameter | Reference)[];
  readonly requestBody?: RequestBodyObject;
  readonly responses: { readonly [status: string]: ResponseObject | Reference };
  readonly callbacks?: { readonly [name: string]: { readonly [expression: string]: PathItem } };
}

export interface PathItem {
  readonly get?: Operation;
  readonly post?: Operation;
}

export interface Components {
  readonly schemas: { readonly [name: string]: Schema };
  readonly parameters: { readonly [name: string]: Parameter };
  readonly headers: { readonly [name: string]: Header };
  readonly responses: { readonly [name: string]: ResponseObject };
  readonly securitySchemes: { readonly [name: string]: Schema };
}

export interface Document {
  readonly openapi: '3.1.0';
  readonly info: {
    readonly title: string;
    readonly version: string;
    readonly summary: string;
    readonly description: string;
    readonly license: { readonly name: string; readonly identifier: string };
  };
  readonly servers: readonly { readonly url: string; readonly description: string }[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: { readonly [path: string]: PathItem };
  readonly webhooks: { readonly [name: string]: PathItem };
  readonly components: Components;
}
