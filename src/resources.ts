// What the receiver holds open: the database, the CXone client, the webhook sender and a recording. Opened and closed together.

import { createTokenConcealer, type TokenConcealer } from './callbacks/conceal-tokens.ts';
import type { Config } from './config/config.ts';
import { rereadCredentials } from './config/cxone.ts';
import { secretsIn } from './config/secrets.ts';
import { type CxoneClient, createCxone } from './cxone/client.ts';
import type { TokenProblem } from './cxone/port.ts';
import { openRecorder, type Recorder } from './cxone/recording/recorder.ts';
import { type Fetcher, NETWORK_FETCHER } from './cxone/transport.ts';
import { createAfterwards } from './lib/afterwards.ts';
import type { Log } from './lib/log.ts';
import type { RemoteClock } from './lib/remote-clock.ts';
import type { World } from './lib/world.ts';
import { type OpenDatabaseOptions, openDatabase } from './store/open/open-database.ts';
import type { ReceiverStore } from './store/receiver-store.ts';
import { holdQueued } from './store/shared/hold-queued.ts';
import type { CheckpointOptions } from './store/sqlite/file/checkpoint/checkpointer.ts';
import { startPassesOnThread } from './store/sqlite/file/checkpoint/on-thread.ts';
import type { UpgradeDisplay } from './store/sqlite/file/data-migration/report.ts';
import type { SqliteStoreOptions } from './store/sqlite/store.ts';
import { withConcealedResponses, withConcealedTokens } from './usecases/conceal-callback-tokens.ts';
import { withListenersAfterResponses } from './usecases/listeners-after-responses.ts';
import { withPreparedComparisons } from './usecases/prepared-comparisons.ts';
import type { ResolveHostname } from './webhooks/guarded-connect.ts';
import { OPERATORS, type WebhookSender } from './webhooks/port.ts';
import { createWebhookSender } from './webhooks/sender.ts';
import { createSecretsOf } from './webhooks/signature.ts';
import { createUrlPolicy } from './webhooks/url-policy.ts';

export interface ResourceOverrides {
  readonly fetcher: Fetcher;
  /** Resolves the hosts of notification URLs. */
  readonly resolve: ResolveHostname;
  readonly webhooks: WebhookSender;
  /** Entries of one execution and one event after which repeats are counted. */
  readonly listedRepeats: number;
  /** The time of the connections to a database on a server. */
  readonly connectionTime: NonNullable<OpenDatabaseOptions['connectionTime']>;
  /** Copies the write-ahead log, without a thread. */
  readonly checkpoints: CheckpointOptions;
}

export interface ResourcesOptions extends Pick<SqliteStoreOptions, 'fatal'> {
  readonly config: Config;
  readonly world: World;
  readonly log: Log;
  readonly overrides: Partial<ResourceOverrides>;
  /** Whether work that would hold up callbacks runs on threads of its own. */
  readonly threads: boolean;
  readonly metrics: {
    readonly observeCommit: NonNullable<SqliteStoreOptions['observeCommit']>;
    readonly observeCheckpoint: NonNullable<CheckpointOptions['observe']>;
  };
  /** The clock of a database on a server, as its connections read it. */
  readonly serverClock: Pick<RemoteClock, 'ask'> | null;
  /** For the upgrade of a database of an older version. */
  readonly upgrade?: UpgradeControl | undefined;
}

export interface UpgradeControl {
  readonly display: UpgradeDisplay;
  /** Called once the first slice is done: its signal ends the upgrade, which the next start continues. */
  readonly interrupted: () => AbortSignal;
}

// One function because each part is made from those before it, and all are closed together.
/** @throws {DatabaseRefused | Interrupted | Error} after closing everything again. */
export async function openResources(options: ResourcesOptions) {
  const { config, world, log, fatal, overrides, threads, metrics, upgrade, serverClock } = options;
  const { fetcher = NETWORK_FETCHER, resolve, listedRepeats } = overrides;
  const onThread = { start: startPassesOnThread, observe: metrics.observeCheckpoint };
  const conceal = createTokenConcealer(config.callbackSecrets);
  const afterwards = createAfterwards(log);
  const recorder = openRecorder({
    ...config.cxone,
    secrets: secretsIn(config),
    conceal: conceal.text,
    world,
    log,
    mode: config.databaseMode,
  });
  const forDatabase = {
    fatal,
    observeCommit: (batch: number, milliseconds: number) =>
      afterwards.run(() => metrics.observeCommit(batch, milliseconds)),
    checkpoints: overrides.checkpoints ?? (threads ? onThread : undefined),
    readerThread: threads,
    listedRepeats,
    serverClock,
    connectionTime: overrides.connectionTime,
    url: config.databaseUrl,
    path: config.databasePath,
    mode: config.databaseMode,
    world,
    log,
    upgradeDisplay: upgrade?.display,
    interrupted: upgrade?.interrupted,
  };
  const database = await openStore(recorder, forDatabase);
  const comparing = withPreparedComparisons(database, (...results) => cxone.largeBodies.prepareComparison(...results));
  const store = withListenersAfterResponses(withConcealedTokens(comparing, conceal), afterwards);
  const client = createCxone({
    ...config,
    ...config.cxone,
    reread: () =>
      rereadCredentials(config.cxone, (variable, problem) =>
        log.warn({ variable, problem }, 'the file of a credential cannot be used; its earlier text stays in use'),
      ),
    proxies: config.proxies.cxone,
    world,
    log,
    noteFree: conceal.noteFree,
    fetcher: recorder.wrapFetcher(fetcher),
    maySend: store.leadership.leads,
  });
  const cxone: CxoneClient = { ...client, tokenProblem: () => concealedProblem(client.tokenProblem(), conceal) };
  const forOperators = operatorsEntries(config.incidentWebhook);
  const notifyRules = createUrlPolicy([...config.notifications.allowedOrigins, ...forOperators.origins]);
  const notifySecrets = createSecretsOf(
    [...config.notifications.secrets, ...forOperators.secrets],
    config.callbackSecrets,
  );
  const lookUp = resolve ? { resolve } : {};
  const sender =
    overrides.webhooks ??
    createWebhookSender({
      ...{ policy: notifyRules, secretsOf: notifySecrets, world, maySend: store.leadership.leads, ...lookUp },
      proxies: config.proxies.notifications,
    });
  const webhooks = withConcealedResponses(sender, conceal);

  /** A backup that was put in place without `restore` may hold a queue that was sent since. Returns the number held. */
  async function holdRestoredQueue(): Promise<number> {
    return store.isRestoredBackup ? store.adoptBackup(() => holdQueued(store, world)) : 0;
  }

  async function close(): Promise<void> {
    cxone.close();
    recorder.close();
    webhooks.close();
    await store.close();
    afterwards.flush();
  }

  return { recorder, store, cxone, notifyRules, notifySecrets, webhooks, holdRestoredQueue, close };
}

/** The operators' webhook is served like an endpoint of an app that may use this one origin. */
function operatorsEntries(webhook: Config['incidentWebhook']) {
  if (webhook === null) return { origins: [], secrets: [] };
  return {
    origins: [{ app: OPERATORS, origin: new URL(webhook.url).origin }],
    secrets: webhook.secrets.map((secret) => ({ app: OPERATORS, secret })),
  };
}

function concealedProblem(problem: TokenProblem | null, conceal: TokenConcealer): TokenProblem | null {
  return problem && { ...problem, reason: conceal.text(problem.reason) };
}

async function openStore(recorder: Recorder, options: OpenDatabaseOptions): Promise<ReceiverStore> {
  try {
    return await openDatabase(options);
  } catch (error) {
    recorder.close();
    throw error;
  }
}
