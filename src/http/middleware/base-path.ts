// Puts the path that a proxy strips (BASE_PATH) back in front of the receiver's own paths, in redirects and in pages.

/** Attributes with a path of this receiver. In the text of a page, quotation marks are escaped. */
const OWN_LINKS = / (href|src|action)="(?=\/(?!\/))/g;

/** Returns the response with `basePath` in front of the paths in `Location` and in the links and forms of an HTML page. */
export async function withBasePath(response: Response, basePath: string): Promise<Response> {
  const { headers } = response;
  const location = headers.get('location');
  // promise: location-has-base-path
  if (location?.startsWith('/')) headers.set('location', `${basePath}${location}`);
  if (response.body === null || !headers.get('content-type')?.startsWith('text/html')) return response;
  // The one compressed page, the description of the API, has relative links only.
  if (headers.has('content-encoding')) return response;
  const page = await response.text();
  // promise: pages-have-base-path
  return new Response(page.replaceAll(OWN_LINKS, ` $1="${basePath}`), { status: response.status, headers });
}
