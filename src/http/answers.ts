// How every answer looks: JSON that no cache keeps and no browser takes for anything else.

/** Headers of every answer, whatever its body. */
export const COMMON_HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const;

export type Headers = { readonly [name: string]: string };

export function json(status: number, body: unknown, headers: Headers = {}): Response {
  return answer(status, JSON.stringify(body), { 'content-type': 'application/json', ...headers });
}

export function answer(status: number, body: string | ReadableStream<Uint8Array> | null, headers: Headers): Response {
  return new Response(body, { status, headers: { ...COMMON_HEADERS, ...headers } });
}
