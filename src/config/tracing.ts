// The variables of tracing, under OpenTelemetry's names.

import * as v from 'valibot';
import type { OtelOptions, SamplerName } from '../observability/tracing/otel.ts';
import { secret, text, url, withoutTrailingSlash } from './fields.ts';

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const satisfies readonly SamplerName[];

const ratio = v.pipe(
  text,
  v.regex(/^(?:0|1|0?\.\d{1,15}|[01]\.0{1,15}|0\.\d{1,15})$/, 'must be a number from 0 to 1'),
  v.transform(Number),
);

const yesOrNo = v.pipe(text, v.toLowerCase(), v.picklist(['true', 'false'], 'must be true or false'));

/** `key=value,…`, values percent-encoded where they must be (W3C Baggage). */
const pairs = v.rawTransform<string, Record<string, string>>(({ dataset, addIssue, NEVER }) => {
  const found: [string, string][] = [];
  for (const [index, item] of dataset.value.split(',').entries()) {
    const [, name = '', value = ''] = /^\s*([!#$%&'*+.^_`|~\w-]+)\s*=\s*([!-+\--~ ]*?)\s*$/.exec(item) ?? [];
    const decoded = decode(value);
    if (name === '' || decoded === null) addIssue({ message: `entry ${index + 1} is not written key=value` });
    else found.push([name, decoded]);
  }
  return found.length === 0 ? NEVER : Object.fromEntries(found);
});

function decode(value: string): string | null {
  try {
    return decodeURIComponent(value);
  } catch {
    return null;
  }
}

/** Defaults are written as in the environment. */
export const TRACING_VARIABLES = {
  OTEL_EXPORTER_OTLP_ENDPOINT: v.optional(v.pipe(text, url, withoutTrailingSlash)),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: v.optional(v.pipe(text, url)),
  OTEL_EXPORTER_OTLP_HEADERS: v.optional(secret(v.pipe(text, pairs))),
  OTEL_SERVICE_NAME: v.optional(
    v.pipe(text, v.regex(/^[\w .:/-]{1,255}$/, 'must be 1 to 255 letters, digits, spaces or . _ - : /')),
    'cxone-callback-receiver',
  ),
  OTEL_RESOURCE_ATTRIBUTES: v.optional(v.pipe(text, pairs)),
  OTEL_TRACES_EXPORTER: v.optional(v.pipe(text, v.picklist(['otlp', 'none'], 'must be otlp or none')), 'otlp'),
  OTEL_TRACES_SAMPLER: v.optional(
    v.pipe(text, v.picklist(SAMPLERS, `must be one of ${SAMPLERS.join(', ')}`)),
    'parentbased_always_on',
  ),
  OTEL_TRACES_SAMPLER_ARG: v.optional(ratio, '1'),
  OTEL_SDK_DISABLED: v.optional(yesOrNo, 'false'),
};

type TracingEnvironment = v.InferOutput<v.ObjectSchema<typeof TRACING_VARIABLES, undefined>>;

/** Returns null if nothing is traced; then OpenTelemetry is not loaded. */
export function tracingOf(env: TracingEnvironment): OtelOptions | null {
  const base = env.OTEL_EXPORTER_OTLP_ENDPOINT;
  const endpoint = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? (base === undefined ? undefined : `${base}/v1/traces`);
  const off = env.OTEL_SDK_DISABLED === 'true' || env.OTEL_TRACES_EXPORTER === 'none';
  if (endpoint === undefined || off) return null;
  return {
    url: endpoint,
    headers: env.OTEL_EXPORTER_OTLP_HEADERS ?? {},
    serviceName: env.OTEL_SERVICE_NAME,
    resource: env.OTEL_RESOURCE_ATTRIBUTES ?? {},
    sampler: env.OTEL_TRACES_SAMPLER,
    ratio: env.OTEL_TRACES_SAMPLER_ARG,
  };
}
