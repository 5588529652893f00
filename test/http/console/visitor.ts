// An operator with a browser, as far as HTTP shows it: Basic, forms, and the headers by which browsers say where they come from.

import { ALICE_KEY, type Answer, CAROL_KEY, dispatchAll, type Harness } from '../harness.ts';

export interface Visitor {
  get(path: string): Promise<Answer>;
  /** Sends a form, with the token of the page that asks first unless another is given; follows no redirect. */
  post(
    path: string,
    options?: { token?: string | null; headers?: Record<string, string>; fields?: Record<string, string> },
  ): Promise<Response>;
  /** The token that the form of a page carries. */
  token(path: string): Promise<string>;
}

export function visitor(http: Harness, who: 'alice' | 'carol' = 'alice'): Visitor {
  const key = who === 'alice' ? ALICE_KEY : CAROL_KEY;
  const authorization = `Basic ${Buffer.from(`${who}:${key}`).toString('base64')}`;
  const get = (path: string) => http.call('GET', path, { key: null, headers: { authorization } });
  const token = async (path: string) => /name="token" value="([^"]+)"/.exec((await get(path)).text)?.[1] ?? '';
  return {
    get,
    token,
    post: async (path, { token: given, headers = {}, fields = {} } = {}) => {
      const sent = given === undefined ? await token(path) : given;
      return fetch(http.url + path, {
        method: 'POST',
        redirect: 'manual',
        headers: { authorization, 'sec-fetch-site': 'same-origin', ...headers },
        body: new URLSearchParams(sent === null ? fields : { ...fields, token: sent }),
      });
    },
  };
}

/** An execution that CXone has taken. */
export async function running(
  http: Harness,
  body: { readonly correlationId: string; readonly [field: string]: unknown },
): Promise<void> {
  await http.submit(body);
  await dispatchAll(http);
}
