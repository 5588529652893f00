// The part of a profile that says where CXone tells its own addresses: the token endpoint, and the API of a tenant.

import * as v from 'valibot';
import { maybePointer, object, pointer, template } from './schema-parts.ts';

const ISSUER = 'must be an absolute URL such as "https://issuer.example", without a query, or null';

/** The default of CXONE_ISSUER. */
export const issuerSchema = v.nullable(
  v.pipe(
    v.string(ISSUER),
    v.check((issuer) => {
      const url = /^https?:\/\/[^\s?#\\]+$/.test(issuer) ? URL.parse(issuer) : null;
      return url !== null && url.username === '' && url.password === '';
    }, ISSUER),
  ),
);

export const discoverySchema = v.nullable(
  object({
    /** OpenID Connect Discovery 1.0, section 4; null: the token part says the URL. */
    token: v.nullable(object({ url: template([], [], ['issuer', 'base']), tokenUrl: pointer })),
    /** Where the API of a tenant is; null: the configuration says. */
    api: v.nullable(
      object({
        url: template(['tenantId'], [], ['issuer']),
        baseUrl: pointer,
        /** Where the claims of a token name the tenant, for whoever does not set CXONE_TENANT_ID. */
        tenantClaim: maybePointer,
      }),
    ),
  }),
);
