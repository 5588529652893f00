// The discovery part of a profile: the documents with the token endpoint and with the API's address of a tenant.

import * as v from 'valibot';
import { maybePointer, object, pointer, template } from './schema-parts.ts';

const ISSUER = 'must be an absolute URL without a query, for example "https://issuer.example", or null';

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
    /** OpenID Connect Discovery 1.0, section 4; null: the URL is in the token part. */
    token: v.nullable(object({ url: template([], [], ['issuer', 'base']), tokenUrl: pointer })),
    /** The address of a tenant's API; null: from the configuration. */
    api: v.nullable(
      object({
        url: template(['tenantId'], [], ['issuer']),
        baseUrl: pointer,
        /** The claim with the tenant, used without CXONE_TENANT_ID. */
        tenantClaim: maybePointer,
      }),
    ),
  }),
);
