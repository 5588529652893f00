// Renders one operation: parameters, body, responses, and a curl command.

import { html } from 'hono/html';
import { anchor, code, type Html, inline, paragraphs, table } from '../html.ts';
import type { Document, Header, Operation, Parameter, Reference, ResponseObject, Schema } from '../openapi/model.ts';
import { examplesOf, namedTable, nameIn, schemaTable, typeOf } from './schemas.ts';

export interface Placed {
  readonly method: 'get' | 'post';
  /** A path, or the name of a webhook. */
  readonly path: string;
  readonly operation: Operation;
}

export function operationSection(document: Document, placed: Placed, callable: boolean): Html {
  const { method, path, operation } = placed;
  const id = anchor(operation.operationId);
  // The script finds the operation in the document by method and path.
  const place = callable ? html` data-method="${method}" data-path="${path}"` : '';
  return html`<article aria-labelledby="${id}"${place}><details>
    <summary><h3 id="${id}" class="signature"><span class="verb ${method}">${method.toUpperCase()}</span> <code>${broken(path)}</code></h3>
    <span class="lead">${inline(operation.summary)}</span></summary>
    ${access(operation)}
    ${paragraphs(operation.description)}
    ${parametersOf(document, operation)}
    ${bodyOf(document, operation)}
    ${responsesOf(document, operation)}
    ${callable ? html`<h4>With curl</h4>${code(`curl for ${operation.operationId}`, curl(document, placed))}` : ''}
    ${callbacksOf(operation)}
  </details></article>`;
}

/** Lets a long path break after a slash or dot. */
function broken(path: string): Html[] {
  return path.split(/(?<=[/.])/).map((part) => html`${part}<wbr />`);
}

const WHOSE: { readonly [scheme: string]: string } = {
  appKey: 'of an app',
  operatorKey: 'of an administrator',
  readerKey: 'of a reader',
};

function access({ security, tags }: Operation): Html {
  const whose = security.flatMap((one) => Object.keys(one)).flatMap((scheme) => WHOSE[scheme] ?? []);
  if (whose.length > 0) return html`<p class="access">Needs the key ${whose.join(' or ')}.</p>`;
  return tags.includes('Webhooks') ? html`` : html`<p class="access">Open: needs no key.</p>`;
}

function parametersOf(document: Document, operation: Operation): Html {
  const parameters = (operation.parameters ?? []).map((one) => resolved<Parameter>(document, one));
  if (parameters.length === 0) return html``;
  const rows = parameters.map(({ in: place, required = false, ...rest }) => ({ ...rest, place, required }));
  return html`<h4>Parameters</h4>${namedTable(`Parameters of ${operation.operationId}`, rows)}`;
}

function bodyOf(document: Document, { requestBody }: Operation): Html {
  if (requestBody === undefined) return html``;
  const [media] = Object.values(requestBody.content);
  if (media === undefined) return html``;
  const types = Object.keys(requestBody.content).join(' or ');
  const name = nameIn(media.schema['$ref']);
  return html`<h4>Body</h4>
    <p><code>${types}</code>: ${typeOf(media.schema)}. ${inline(requestBody.description)}</p>
    ${schemaTable(name, resolved<Schema>(document, media.schema as unknown as Reference))}
    ${examplesOf(media.examples)}`;
}

function responsesOf(document: Document, operation: Operation): Html {
  const answers = Object.entries(operation.responses).map(
    ([status, answer]) => [status, resolved<ResponseObject>(document, answer)] as const,
  );
  const rows = answers.map(([status, { description, headers = {}, content = {} }]) => {
    const named = Object.entries(headers).map(([name, header]) => {
      const { description: meaning } = resolved<Header>(document, header);
      return html`<li><code>${name}</code>: ${inline(meaning)}</li>`;
    });
    const folded = html`<details><summary>Headers: ${Object.keys(headers).join(', ')}</summary><ul>${named}</ul></details>`;
    const bodies = Object.entries(content).map(
      ([type, { schema }]) => html`<div>${typeOf(schema)} <small>${type}</small></div>`,
    );
    return html`<tr>
      <th scope="row">${status}</th>
      <td>${paragraphs(description)}${named.length === 0 ? '' : folded}</td>
      <td>${bodies}</td>
    </tr>`;
  });
  const columns = ['Status', 'When, and with which headers', 'Body'];
  return html`<h4>Responses</h4>
    ${table(`Responses of ${operation.operationId}`, columns, rows)}
    ${answers
      .filter(([status]) => status.startsWith('2'))
      .flatMap(([, { content = {} }]) => Object.values(content).flatMap(({ examples }) => examplesOf(examples)))}`;
}

function callbacksOf({ callbacks = {} }: Operation): Html {
  const ids = Object.values(callbacks)
    .flatMap((paths) => Object.values(paths))
    .flatMap(({ post }) => (post === undefined ? [] : [post]));
  if (ids.length === 0) return html``;
  const links = ids.map(({ operationId, summary }) => html`<a href="#${anchor(operationId)}">${inline(summary)}</a>`);
  return html`<p>Callback: ${links}.</p>`;
}

/** A command that works once BASE and KEY are set. */
function curl(document: Document, { method, path, operation }: Placed): string {
  const parameters = (operation.parameters ?? []).map((one) => resolved<Parameter>(document, one));
  const inPath = parameters.filter(({ in: place }) => place === 'path');
  const filled = inPath.reduce(
    (text, { name, example }) => text.replace(`{${name}}`, String(example ?? `$${name}`)),
    path,
  );
  const [[type, media] = ['', undefined]] = Object.entries(operation.requestBody?.content ?? {});
  const [example] = Object.values(media?.examples ?? {});
  const streams = Object.values(operation.responses).some(
    (one) => 'content' in one && 'text/event-stream' in (one.content ?? {}),
  );
  return [
    `curl${streams ? ' -N' : ''}${method === 'post' ? ' -X POST' : ''} "$BASE${filled}"`,
    ...(operation.security.length === 0 ? [] : ['-H "Authorization: Bearer $KEY"']),
    ...(example === undefined
      ? []
      : [`-H 'Content-Type: ${type}'`, `-d '${JSON.stringify(example.value).replaceAll("'", "'\\''")}'`]),
  ].join(' \\\n  ');
}

function resolved<T>(document: Document, value: T | Reference): T {
  if (typeof value !== 'object' || value === null || !('$ref' in value)) return value as T;
  const [, , kind = '', name = ''] = String(value.$ref).split('/');
  return (document.components as unknown as { readonly [kind: string]: { readonly [name: string]: T } })[kind]?.[
    name
  ] as T;
}
