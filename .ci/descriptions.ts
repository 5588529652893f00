// What each environment variable is for: the source of .env.example and of the table in docs/configuration.md.

import type { Environment } from '../src/config/variables.ts';

export interface Description {
  readonly group: string;
  /** Sentences in Markdown without line breaks. */
  readonly text: string;
  /** Unit of the value; null if it has none. */
  readonly unit: string | null;
}

const describe = (group: string) => {
  return (text: string, unit: string | null = null): Description => ({ group, text, unit });
};

const cxone = describe('CXone');
const callbacks = describe('Callbacks');
const checks = describe('Further checks of callbacks: all that are set must pass, or the callback gets 404');
const callers = describe('Callers: name:key pairs, separated by commas; several of one name while rotating');
const notifications = describe('Notifications: signed POST requests (Standard Webhooks) to apps when executions end');
const incidents = describe("Incidents: signed POST requests (Standard Webhooks) to the operators' own webhook");
const proxies = describe(
  'Proxies of outgoing requests: http://host:port, https://host:port or host:port, each with or without user:password@',
);
const listening = describe('Listening');
const recording = describe('Recording');
const storage = describe('Storage');
const pace = describe('Pace');
const shares = describe('Shares of apps: app:number pairs, separated by commas, for apps that have a key');
const logging = describe('Logging: JSON lines on stdout');
const tracing = describe('Tracing: the variables of OpenTelemetry; without an endpoint nothing of it is loaded');

export const DESCRIPTIONS: Readonly<Record<keyof Environment, Description>> = {
  CXONE_ORG_DOMAIN: cxone("Host of your tenant's API, for example acme.api.nice.incontact.com."),
  CXONE_BASE_URL: cxone('Base URL of CXone, instead of the host: for a proxy, or for the simulator.'),
  CXONE_TOKEN_URL: cxone('Token endpoint, if it differs from the one of the profile.'),
  CXONE_CLIENT_ID: cxone(
    'OAuth 2.0 client credentials; the client needs the scopes dx:actions:execute and dx:actions:read.',
  ),
  CXONE_CLIENT_SECRET: cxone('Secret of that client.'),
  CXONE_ACCESS_KEY_ID: cxone('Access key of a CXone user, for profiles that send one.'),
  CXONE_ACCESS_KEY_SECRET: cxone('Secret of that access key.'),
  CXONE_TOKEN: cxone('A token from elsewhere, for the profile cxone-static-token; it is never renewed.'),
  CXONE_PRIVATE_KEY: cxone(
    'Private key (PEM) that signs client assertions, for profiles with private-key-jwt; in the variable, \\n stands for a line end.',
  ),
  CXONE_PRIVATE_KEY_ID: cxone('Id (kid) of that key, if CXone requires one.'),
  CXONE_SECRETS: cxone(
    'Secrets that headers of the profile use: name:value pairs, separated by commas, values of at least 8 characters: gateway-key:value',
  ),
  CXONE_ISSUER: cxone('Base URL at which CXone publishes its addresses (discovery), if it differs from the profile.'),
  CXONE_TENANT_ID: cxone('Id of the tenant, for discovery, if the token does not name it.'),
  CXONE_ALLOWED_HOSTS: cxone(
    'Hosts that discovery may name, separated by commas; `*.` allows all hosts below a domain. The hosts of the URLs above are always allowed.',
  ),
  CXONE_PROFILE: cxone(
    'Upstream profile: the path of a JSON file, or the name of a shipped profile (npm run -s profile -- show --help lists them). Default: the built-in profile cxone.',
  ),
  PUBLIC_URL: callbacks(
    'Base URL at which CXone reaches this receiver, for example https://receiver.example.com. Callback URLs begin with it.',
  ),
  CALLBACK_SECRET: callbacks(
    'Signs callback URLs and, with a derived key, the heads of the audit chain: at least 32 characters. While rotating: new,old. To create one: npm run -s keys -- new --callback-secret',
  ),
  CALLBACK_HEADER_NAME: checks(
    'Header that a callback must have. The "verifiers" of an upstream profile may define the checks; then only the secrets are set here, and a header name that is set here replaces the one of the profile.',
  ),
  CALLBACK_HEADER_VALUE: checks('Value of that header: at least 16 characters. While rotating: new,old.'),
  CALLBACK_BASIC_AUTH: checks(
    'Authorization: Basic with user:password; passwords of at least 16 characters, several separated by commas. If several of these three variables are set, any one suffices.',
  ),
  CALLBACK_BEARER_TOKEN: checks('Authorization: Bearer with this token, of at least 16 characters.'),
  CALLBACK_CLIENTS: checks(
    'Authorization: Bearer with a token that the receiver issues at {PUBLIC_URL}/webhook/token (OAuth 2.0 client credentials; 300 s unless the profile differs): id:secret pairs, secrets of at least 16 characters.',
  ),
  CALLBACK_HMAC_SECRET: checks(
    'Secret of an HMAC over the bytes of the body: at least 32 characters. While rotating: new,old.',
  ),
  CALLBACK_HMAC_HEADER: checks('Header that contains the HMAC.'),
  CALLBACK_HMAC_ALGORITHM: checks('sha256 or sha512.'),
  CALLBACK_HMAC_ENCODING: checks('hex or base64.'),
  CALLBACK_HMAC_PREFIX: checks('Prefix of the value in the header, for example sha256='),
  CALLBACK_HMAC_TIMESTAMP_HEADER: checks(
    'Header with the Unix time of signing, in seconds (13 digits: milliseconds). The HMAC then covers {timestamp}.{body}.',
  ),
  CALLBACK_HMAC_TOLERANCE_SECONDS: checks('Maximum distance of that time from now, 1 to 86400.', 'seconds'),
  CALLBACK_ALLOWED_IPS: checks(
    'Addresses and ranges that callbacks may come from, separated by commas: 192.0.2.0/24,2001:db8::/32',
  ),
  TRUSTED_PROXIES: checks(
    'Number of proxies in front of this receiver, 0 to 10. The client address is the entry at this place from the right of X-Forwarded-For; with 0 it is the peer of the connection.',
    'proxies',
  ),
  CALLBACK_TRUST: checks(
    'signature: a callback resolves its execution. verify: a callback only causes an immediate poll, and the poll resolves the execution.',
  ),
  APP_KEYS: callers(
    'Apps, which submit executions; keys of at least 16 characters: orders:key,orders:newer-key,billing:key',
  ),
  OPERATOR_KEYS: callers(
    'Operators, who see every execution and the metrics, and poll, cancel and replay; keys of at least 8 characters: alice:key',
  ),
  READER_KEYS: callers('Operators who only read: carol:key'),
  SENSITIVE_FIELDS: callers(
    'Members whose values operators neither see nor find by a search, separated by commas: cardNumber,cvv',
  ),
  NOTIFY_URLS: notifications(
    'Where an app is notified if a submission has no notifyUrl: orders:https://hooks.example/executions,billing:https://…',
  ),
  NOTIFY_ALLOWED_HOSTS: notifications(
    'Origins at which an app may be notified, * for every app: orders:https://hooks.example,*:https://*.example.com,billing:http://crm.internal:8080. An app with entries may use only those, which may be http and on private networks. An app without entries may use any public https URL.',
  ),
  NOTIFY_SECRETS: notifications(
    'Secrets that sign the notifications of an app: orders:whsec_…, with the base64 of 24 to 64 bytes after whsec_; several of an app while rotating, the new one first. Without one, the secret is derived from CALLBACK_SECRET; apps read theirs at GET /v1/notifications/secrets. To create one: npm run -s keys -- new --notify APP',
  ),
  NOTIFY_LINK_ABOVE_BYTES: notifications(
    'Largest notification of an app that contains the result, in bytes of its body; * for all other apps: orders:65536,*:1048576. A larger one contains `link` instead, which the app gets with its own key. 0: always a link. An app without an entry always gets the result.',
  ),
  NOTIFY_LINK_URL: notifications(
    'Base URL of these links, at which apps reach the receiver; default: PUBLIC_URL. Required where NOTIFY_LINK_ABOVE_BYTES and CALLBACK_PORT are set; without NOTIFY_LINK_ABOVE_BYTES it must not be set.',
  ),
  INCIDENT_WEBHOOK_URL: incidents(
    'Where incidents are announced when they begin, are acknowledged and end, for example a pager: https://hooks.example/incidents?key=…. It may be http and on a private network. npm run doctor sends it an event.',
  ),
  INCIDENT_WEBHOOK_SECRET: incidents(
    'Secret that signs these requests: whsec_…, with the base64 of 24 to 64 bytes after whsec_; while rotating: new,old. To create one: npm run -s keys -- new --incident-webhook',
  ),
  CXONE_PROXY: proxies(
    'Proxy for all requests to CXone, instead of HTTPS_PROXY and HTTP_PROXY; none for direct connections.',
  ),
  NOTIFY_PROXY: proxies(
    'Proxy for notifications to apps and for incidents. It gets checked IP addresses, never names. Without one they are sent directly.',
  ),
  HTTPS_PROXY: proxies(
    'Proxy for requests to CXone at https URLs. Like the next two, it may be spelled in lower case.',
  ),
  HTTP_PROXY: proxies('Proxy for requests to CXone at http URLs.'),
  NO_PROXY: proxies(
    'Hosts that are reached without any of these proxies, separated by commas: a host with all below it, an address, a range (10.0.0.0/8), each with or without a port, or *.',
  ),
  BASE_PATH: listening(
    'The path at which a proxy serves this receiver and that it strips from every request, for example /cx with PUBLIC_URL=https://gateway.example.com/cx. Pages, redirects, Location and the OpenAPI document then begin with it. Default: none.',
  ),
  HOST: listening('Address to listen on.'),
  PORT: listening('Port to listen on; 0 lets the system choose.'),
  CALLBACK_PORT: listening(
    'A separate port for the webhook, so that CXone can reach nothing else. Default: the webhook is on PORT.',
  ),
  TLS_CERT_FILE: listening(
    'Certificate chain (PEM), if no proxy terminates TLS; requires TLS_KEY_FILE. Both files are loaded again when they change, and on SIGHUP; an invalid pair leaves the old one in use.',
  ),
  TLS_KEY_FILE: listening('Private key (PEM).'),
  CXONE_RECORD_DIR: recording(
    'Folder for recordings of the exchanges with CXone, without values, tokens and signatures, to write or test a profile with (npm run -s profile -- try FILE). Each start creates a file of at most 16 MiB. For a few executions, not for permanent use.',
  ),
  DATABASE_PATH: storage('SQLite file; its folder is created if it does not exist.'),
  DATABASE_URL: storage(
    'PostgreSQL database, instead of DATABASE_PATH: postgres://USER:PASSWORD@HOST[:PORT][,HOST[:PORT]…]/DATABASE[?PARAMETERS]; of several hosts the one that accepts writes is used. The parameters are sslmode, sslrootcert, sslcert, sslkey and options; any other one is refused. Receivers with the same database all serve, and one of them sends.',
  ),
  DATABASE_MODE: storage(
    'Mode of the database and of every file that the receiver and its commands write: -wal, -shm, lock, backups, exports and recordings. 0640 lets a group of operators read them; the umask has no effect. A start sets this mode on files that have another one.',
  ),
  AUDIT_RETENTION_DAYS: storage(
    'Age at which executions and their audit entries are pruned, 0 to 36500; 0 keeps them.',
    'days',
  ),
  PAYLOAD_RETENTION_DAYS: storage(
    'Time after its end at which an execution loses its payload (inputs, context, result, error, unreadable callbacks); less than AUDIT_RETENTION_DAYS unless that is 0. 0 keeps payloads as long as their executions.',
    'days',
  ),
  RETENTION_EXPORT_DIR: storage(
    'Existing folder to which everything is exported before it is pruned, as compressed NDJSON. If the export fails, nothing is pruned.',
  ),
  GRACE_SECONDS: pace(
    'Time to wait for a callback before CXone is polled, 0 to 86400; a submission may set its own.',
    'seconds',
  ),
  POLL_INTERVAL_SECONDS: pace(
    'First interval between polls, above 0 to 3600, fractions allowed; it grows with jitter to five times that.',
    'seconds',
  ),
  MAX_CONCURRENT: pace('Concurrent requests to CXone, 1 to 1000; fewer while CXone is slow.', 'requests'),
  RATE_LIMIT_PER_SECOND: pace(
    'Requests to CXone, 1 to 10000: executes, polls and tokens together.',
    'requests per second',
  ),
  MAX_PAUSE_SECONDS: pace(
    'Longest time, 1 to 86400, for which a response of CXone (Retry-After, rate limit headers) may pause requests.',
    'seconds',
  ),
  MAX_RESULT_BYTES: pace(
    'Largest result or error of an execution, 1024 to 67108864 bytes of JSON. An execution with a larger one ends with the status that CXone reported, without the result, and with the error result-too-large.',
    'bytes',
  ),
  MAX_CONNECTIONS: pace(
    'Connections of clients to each listener, 10 to 100000, as far as the file descriptors of the process suffice. A tenth is reserved for callbacks and probes.',
    'connections',
  ),
  MAX_BODIES_BYTES: pace(
    'Request bodies in memory at the same time, 10485760 to 1073741824 bytes; half of it for one app (10485760 at least). Beyond it apps get 503 with Retry-After. Callbacks have as much for themselves, and so have large responses: further ones wait.',
    'bytes',
  ),
  MAX_BODY_VALUES: pace(
    'JSON values (members, items, lists) in one submission, 1000 to 1000000; a batch may have ten times as many. Beyond it 413.',
    'values',
  ),
  QUEUE_CAPACITY: pace(
    'Executions that may wait to be sent, 1 to 10000000; beyond it apps get 503 with Retry-After.',
    'executions',
  ),
  QUEUE_TIMEOUT_SECONDS: pace('Maximum wait in that queue, 1 to 86400; then the execution ends as TIMEOUT.', 'seconds'),
  APP_WEIGHTS: shares(
    'Turns at CXone for each turn of an app without a weight, 1 to 1000: orders:3. Idle apps leave their turns to the others.',
    'turns',
  ),
  APP_RATES: shares(
    'Submissions, 1 to 10000: orders:50. Beyond it 429 with Retry-After. Without one, an app has no limit.',
    'requests per second',
  ),
  APP_QUEUE_SHARES: shares(
    'Share of QUEUE_CAPACITY that an app may fill, above 0 to 1: orders:0.5. Beyond it 429. Without one, an app may fill all of it.',
    'share',
  ),
  LOG_LEVEL: logging('trace, debug, info, warn, error, fatal or silent.'),
  OTEL_EXPORTER_OTLP_ENDPOINT: tracing(
    'Base URL of a collector that accepts OTLP over HTTP in JSON, for example http://127.0.0.1:4318; spans go to /v1/traces below it.',
  ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: tracing('Full URL for spans, instead of the base URL.'),
  OTEL_EXPORTER_OTLP_HEADERS: tracing('Headers for the collector: name=value,… with percent-encoded values.'),
  OTEL_SERVICE_NAME: tracing('Name of this service in traces.'),
  OTEL_RESOURCE_ATTRIBUTES: tracing('Further attributes of this service: deployment.environment.name=production,…'),
  OTEL_TRACES_EXPORTER: tracing('otlp or none.'),
  OTEL_TRACES_SAMPLER: tracing(
    'always_on, always_off, traceidratio, or parentbased_ and one of these: then the sampled flag of the app decides.',
  ),
  OTEL_TRACES_SAMPLER_ARG: tracing('Share that a ratio sampler keeps, 0 to 1.', 'share'),
  OTEL_SDK_DISABLED: tracing('true disables tracing.'),
};
