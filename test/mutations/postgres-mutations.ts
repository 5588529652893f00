// The promises that the store on PostgreSQL keeps with code of its own. Their tags in the source begin with `postgres/`.

import {
  branch,
  condition,
  type Edit,
  precededBy,
  removed,
  replacedBy,
  swapped,
  uncalled,
  value,
  withoutOperand,
} from './edit.ts';
import { MUTATIONS, type Mutation } from './mutations.ts';

const AT_A_RATE_OF_ONE = 'however one leader follows another';
const CLOCK_STEPS = 'test/store/postgres/clock-steps.test.ts';
const CONTRACT = 'test/store/postgres/contract.slow.test.ts';
const INSIGHTS = 'test/store/postgres/insights.slow.test.ts';
const IDENTITY = 'test/store/postgres/identity.test.ts';
const LIMITS = 'test/store/postgres/limits.slow.test.ts';
const LONE_OUTCOME = 'test/store/postgres/lone-outcome.slow.test.ts';
const LOST_COMMIT = 'test/store/postgres/lost-commit.test.ts';
const LOST_DISPATCHES = 'test/store/postgres/lost-dispatches.test.ts';
const MOVE = 'test/store/move/move.slow.test.ts';
const OTHERS = 'test/store/postgres/others.slow.test.ts';
const MIGRATIONS = 'test/store/postgres/migrations.slow.test.ts';
const NEIGHBOURS = 'test/store/postgres/neighbours.slow.test.ts';
const CHANNEL = 'test/store/postgres/leader-channel.slow.test.ts';
const CONTROLS = 'test/usecases/leader/live-controls.test.ts';
const PAGES = 'test/store/postgres/large-pages.slow.test.ts';
const OPEN = 'test/store/postgres/open.test.ts';
const RATES = 'test/simulation/limits/limits.slow.test.ts';
const SEVERAL = 'test/store/postgres/several-receivers.slow.test.ts';
const VIEWS = 'test/store/postgres/views.slow.test.ts';

interface Shared {
  readonly edit: Edit;
  readonly test: string;
  /** Default: that of the mutation of the store on SQLite, since both stores have the tests of the contract. */
  readonly title?: string;
}

/** By the tag of the same promise of the store on SQLite. */
const SHARED: Readonly<Record<string, Shared>> = {
  'queue-is-bounded': { edit: removed, test: CONTRACT },
  'erased-execution-stays-erased': { edit: condition(false), test: CONTRACT },
  'app-queue-share': { edit: removed, test: CONTRACT },
  'atomic-batch': { edit: condition(false), test: CONTRACT },
  'one-key-one-request': { edit: removed, test: CONTRACT },
  'repeat-keeps-its-key': { edit: swapped('k.idempotency_key)', "k.idempotency_key || '!')"), test: CONTRACT },
  'one-resubmission': { edit: value('undefined'), test: CONTRACT },
  'list-page-is-bounded': {
    edit: value("'true'"),
    test: PAGES,
    title: 'no page reads more results than one that exceeds a megabyte',
  },
  'repeat-reads-no-outcome': { edit: value('SELECT_EXECUTION'), test: CONTRACT },
  'short-submission-repeats-no-long-one': { edit: removed, test: CONTRACT },
  'claim-is-a-lease': { edit: value('before'), test: CONTRACT },
  'paused-execution-is-not-claimed': {
    edit: removed,
    test: LIMITS,
    title: 'a pause of which no hint has arrived holds back the next claim',
  },
  'notification-in-same-commit': { edit: value('null'), test: CONTRACT },
  'new-notification-passes-a-backlog': { edit: value('[]'), test: CONTRACT },
  'probe-prefers-unrejected': { edit: branch('alternate'), test: CONTRACT },
  'pruned-result-is-recognised': { edit: uncalled, test: CONTRACT },
  'pending-notification-keeps-payload': {
    edit: removed,
    test: CONTRACT,
    title: 'made due again between the look and the pruning keeps its payload',
  },
  'polled-after-the-end-is-not-open': {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of the source
    edit: swapped("WHERE status IN (${OPEN_CODES.join(', ')})", ''),
    test: CONTRACT,
  },
  'oldest-pending-age': { edit: swapped('Math.min', 'Math.max'), test: CONTRACT },
  'stream-shows-own-app': { edit: swapped('$3::text IS NULL', 'TRUE'), test: CONTRACT },
  'reconcile-asks-all-in-doubt': {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of the source
    edit: swapped('${CANCELLED}', '${TIMEOUT}'),
    test: INSIGHTS,
    title: 'are those on SQLite, for executions of every fate',
  },
  'late-callback-moves-its-count': {
    edit: condition(true),
    test: INSIGHTS,
    title: 'are those on SQLite, for executions of every fate',
  },
  'hidden-is-not-searchable': {
    edit: branch('consequent'),
    test: CONTRACT,
    title: 'by the way the outcome became known, by duration and by a text in the error',
  },
  'erased-content-is-gone': {
    edit: removed,
    test: VIEWS,
    title: 'show the same after an erasure',
  },
  'commit-before-response': {
    edit: precededBy('settle(decided, () => false);'),
    test: LOST_COMMIT,
    title: 'after the commit: the change is acknowledged, once',
  },
};

function onPostgres(tag: string, { edit, test, title }: Shared): Mutation {
  const known = MUTATIONS.find((mutation) => mutation.tag === tag);
  if (known === undefined) throw new Error(`no mutation of the store on SQLite has the tag "${tag}"`);
  const part = title ?? known.title;
  return {
    ...{ tag: `postgres/${tag}`, promise: `${known.promise}, on PostgreSQL`, edit, tests: [test] },
    ...(part === undefined ? {} : { title: part }),
  };
}

export const POSTGRES_MUTATIONS: readonly Mutation[] = [
  ...Object.entries(SHARED).map(([tag, shared]) => onPostgres(tag, shared)),
  {
    tag: 'postgres/poll-after-the-end-is-due',
    promise: 'a poll of an ended execution is made after a restart, too, on PostgreSQL',
    edit: withoutOperand(1),
    tests: [CONTRACT],
    title: 'it is claimed for a while, and due until CXone has answered',
  },
  {
    tag: 'postgres/counted-repeat-of-an-erased-execution-has-no-content',
    promise: 'a repeat that is counted after the erasure is stored without content, on PostgreSQL',
    edit: value('given'),
    tests: [CONTRACT],
    title: 'repeats of an erased execution are counted without content',
  },
  {
    tag: 'postgres/lost-commit-is-resolved',
    promise: 'a change whose response was lost is acknowledged if it was committed, and only then',
    edit: replacedBy('throw error;'),
    tests: [LOST_COMMIT],
  },
  {
    tag: 'postgres/lone-outcome-notifies',
    promise: 'the notification of an outcome is stored with it, also if nothing else is committed at that moment',
    edit: removed,
    tests: [LONE_OUTCOME],
  },
  {
    tag: 'postgres/lone-outcome-is-the-whole-change',
    promise: 'whatever an outcome changes is stored with it, also if nothing else is committed at that moment',
    edit: replacedBy('return true;'),
    tests: [LONE_OUTCOME],
  },
  {
    tag: 'postgres/lone-outcomes-keep-their-entries',
    promise: 'of outcomes that are committed together, each has its own audit entry',
    edit: condition(false),
    tests: [LONE_OUTCOME],
    title: 'an entry is that of the execution in the same place',
  },
  {
    tag: 'postgres/queue-bound-of-all',
    promise: 'the capacity of the queue and the shares of apps hold for all receivers together',
    edit: condition(false),
    tests: [LIMITS],
    title: 'a receiver that counted the queue when it was empty',
  },
  {
    tag: 'postgres/one-key-one-request-of-all',
    promise: 'one Idempotency-Key stands for one request at all receivers together',
    edit: replacedBy('return [];'),
    tests: ['test/store/postgres/several-receivers.slow.test.ts'],
    title: 'of two batches with one key at two of them',
  },
  {
    tag: 'postgres/further-key-of-all',
    promise: 'a further key of a submission stands for it at all receivers together',
    edit: branch('alternate'),
    tests: ['test/store/postgres/several-receivers.slow.test.ts'],
    title: 'of a repeat by correlation id under a new key and a submission under that key, one has the key',
  },
  {
    tag: 'postgres/repeat-in-a-batch-is-decided-again',
    promise: 'a repeat gets the execution that is stored, also if another receiver has accepted the key in between',
    edit: replacedBy('return unchanged(known);'),
    tests: ['test/store/postgres/several-receivers.slow.test.ts'],
    title: 'of the same submission twice at the same moment at each of them',
  },
  {
    tag: 'postgres/unstorable-text-matches-nothing',
    promise: 'a filter with a text that PostgreSQL cannot store matches nothing, and does not fail',
    edit: branch('alternate'),
    tests: ['test/store/postgres/unstorable-text.test.ts'],
  },
  {
    tag: 'postgres/order-is-taken-once',
    promise: 'what an operator orders of the leader is done once',
    edit: value("() => queries.all('SELECT id, kind, body FROM leader_orders WHERE done_at IS NULL')"),
    tests: ['test/store/postgres/leader-channel.slow.test.ts'],
  },
  {
    tag: 'postgres/leader-alone-claims',
    promise: 'of the receivers on one database only the leader claims, ends what is due and prunes',
    edit: removed,
    tests: ['test/store/postgres/several-receivers.slow.test.ts'],
  },
  {
    tag: 'postgres/older-receiver-stops',
    promise: 'an older receiver neither starts nor runs on a database that needs a newer one',
    edit: condition(true),
    tests: [NEIGHBOURS],
    title: 'an older receiver',
  },
  {
    tag: 'postgres/leftovers-of-a-newer-version-are-refused',
    promise: 'a dump that was restored beside what a newer version had added is refused with the remedy',
    edit: condition(false),
    tests: [NEIGHBOURS],
    title: 'that has a part of a migration already is refused with the remedy',
  },
  {
    tag: 'postgres/failed-migration-names-the-remedy',
    promise: 'a migration for which a right is missing is refused with the remedy',
    edit: condition(false),
    tests: [MIGRATIONS],
    title: 'is refused with the remedy, and nothing of it is done',
  },
  {
    tag: 'postgres/lost-right-loses-no-response',
    promise: 'a response of CXone is stored when a right or a table that was gone is back',
    edit: withoutOperand(1),
    tests: ['test/store/postgres/lost-rights.test.ts'],
  },
  {
    tag: 'postgres/dropped-unique-index-is-noticed',
    promise: 'no receiver serves while the index is gone that keeps two of them from accepting one submission each',
    edit: condition(true),
    tests: ['test/store/postgres/lost-rights.test.ts'],
    title: 'is gone serves no more until it is back',
  },
  {
    tag: 'postgres/lost-right-is-named',
    promise: 'a start on a database of which a right is missing names the tables',
    edit: condition(false),
    tests: ['test/store/postgres/lost-rights.test.ts'],
    title: 'of which a right is missing is refused with the tables',
  },
  {
    tag: 'postgres/stopped-receiver-loses-its-turn',
    promise: 'a receiver that has stopped does not keep others from their migrations',
    edit: removed,
    tests: [MIGRATIONS],
    title: 'does not keep another one from applying it',
  },
  {
    tag: 'postgres/lost-connection-keeps-its-reason',
    promise: 'a connection that the server ends in the middle of a migration leaves its reason',
    edit: condition(true),
    tests: [MIGRATIONS],
    title: 'ends the connection in the middle of a migration is kept',
  },
  {
    tag: 'postgres/wait-of-a-migration-is-shown',
    promise: 'the log names the session for which a migration waits',
    edit: condition(false),
    tests: [NEIGHBOURS],
    title: 'behind a session that uses a table, and the log names that session',
  },
  {
    tag: 'postgres/list-of-a-newer-version-is-refused',
    promise: 'so is one whose list of migrations is that of the newer version',
    edit: condition(false),
    tests: [NEIGHBOURS],
    title: 'that lists migrations that its tables do not have is refused with the remedy',
  },
  {
    tag: 'postgres/migration-waits-for-older-receivers',
    promise: 'a migration is not applied while a receiver runs that could not serve afterwards',
    edit: condition(true),
    tests: [NEIGHBOURS],
    title: 'the newer receiver refuses to start',
  },
  {
    tag: 'postgres/neighbouring-version-serves',
    promise: 'a receiver starts on a database to which the next version has added something',
    edit: condition(false),
    tests: [NEIGHBOURS],
    title: 'an older receiver serves on',
  },
  {
    tag: 'leader-hands-over',
    promise: 'a leader that is stopped lets another one send while its own requests are in flight',
    edit: removed,
    tests: ['test/stories/handover.test.ts'],
    title: 'lets another receiver send',
  },
  {
    tag: 'leader-inherits-pause',
    promise: 'a new leader has the pause of the one before, and no other',
    edit: removed,
    tests: ['test/cxone/limiter/limiter.test.ts'],
    title: 'has no pause of its own',
  },
  {
    tag: 'leader-inherits-rate',
    promise: 'the requests of a new leader and of the one before never exceed the rate together',
    edit: removed,
    tests: [RATES],
    title: AT_A_RATE_OF_ONE,
  },
  {
    tag: 'unknown-requests-count',
    promise: 'after a leader that has not handed over, the next one waits until its requests are a second ago',
    edit: value('sent ?? []'),
    tests: [RATES],
    title: AT_A_RATE_OF_ONE,
  },
  {
    tag: 'unread-requests-count',
    promise: 'a leader that can read nothing of the one before waits until its requests are a second ago',
    edit: removed,
    tests: [CONTROLS],
    title: 'a new leader that can read nothing',
  },
  {
    tag: 'unread-state-lifts-no-pause',
    promise: 'a leader that can read nothing of the one before keeps the pauses and circuits that it knows',
    edit: swapped('own.state()', 'NOTHING_KNOWN'),
    tests: [CONTROLS],
    title: 'a new leader that can read nothing',
  },
  {
    tag: 'requests-of-an-earlier-leader',
    promise:
      'what an earlier leader has stated does not stand for the requests of the last one, which has stated nothing',
    edit: condition(true),
    tests: [CONTROLS],
    title: 'a new leader knows what the one before has sent if that has handed over',
  },
  {
    tag: 'postgres/hand-over-counts-once',
    promise: 'a hand-over counts for the next leader only, and once',
    edit: swapped('handed_over_term = NULL', 'handed_over_term = handed_over_term'),
    tests: [CHANNEL],
    title: 'a leader takes a hand-over of the one right before it',
  },
  {
    tag: 'postgres/reading-ends-no-pause-that-begins',
    promise: 'a pause that is being committed is not ended by reading the pauses of the database',
    edit: withoutOperand(1),
    tests: ['test/store/postgres/pauses.test.ts'],
  },
  {
    tag: 'rate-outlasts-clock-steps',
    promise: 'a clock of the database that is set hides no request of the leader before from the next one',
    edit: branch('consequent'),
    tests: [CONTROLS],
    title: 'a new leader knows what the one before has sent if that has handed over',
  },
  {
    tag: 'late-departure-counts',
    promise:
      'requests that a busy machine or a new connection delays do not come together with those of the next second',
    edit: removed,
    tests: ['test/cxone/limiter/rate.test.ts'],
  },
  {
    tag: 'rate-by-elapsed-time',
    promise: 'a clock that is set brings no more requests than the rate allows',
    edit: swapped('world.elapsed', 'world.now'),
    tests: ['test/cxone/limiter/rate.test.ts'],
    title: 'a wall clock that is set forward or back',
  },
  {
    tag: 'leader-inherits-token-pause',
    promise: 'a new leader asks for no token before the end of a pause that the token endpoint has asked for',
    edit: removed,
    tests: [RATES],
    title: 'ask for no token before the end of a pause',
  },
  {
    tag: 'token-pause-is-passed-on',
    promise:
      'a pause of the token endpoint that a response causes after its receiver has handed over reaches the leader',
    edit: removed,
    tests: ['test/usecases/leader/succession.test.ts'],
  },
  {
    tag: 'clock-of-the-database',
    promise: 'all receivers use the clock of the database, whatever the clocks of their machines show',
    edit: branch('consequent'),
    tests: ['test/simulation/several/database-clock.slow.test.ts'],
    title: 'send and poll what waits, and notify of it',
  },
  {
    tag: 'postgres/key-is-looked-up',
    promise: 'a repeated submission under an Idempotency-Key gets the execution of the first one',
    edit: removed,
    tests: [CONTRACT],
    title: 'the same key and body again is the original execution',
  },
  {
    tag: 'leader-inherits-circuits',
    promise: 'a new leader has the open circuits of the one before, and no others',
    edit: removed,
    tests: ['test/workers/notifier/lanes.test.ts'],
    title: 'circuits that another receiver has opened',
  },
  {
    tag: 'order-of-another-version',
    promise: 'an order that a leader of another version does not know is refused as one that was not done',
    edit: condition(false),
    tests: ['test/usecases/leader/live-controls.test.ts'],
    title: 'an order of another version is refused',
  },
  {
    tag: 'postgres/last-changes-are-reported',
    promise:
      'a receiver that ends reports all of its changes, also those that wait for what others have committed before',
    edit: removed,
    tests: [OTHERS],
    title: 'one that ends reports its last changes',
  },
  {
    tag: 'postgres/others-are-seen-without-hints',
    promise: 'what one receiver commits reaches the others, also when a hint is lost',
    edit: removed,
    tests: [OTHERS],
  },
  {
    tag: 'wait-wakes-across-receivers',
    promise: 'a client that waits at one receiver is answered when a callback at another one ends the execution',
    edit: removed,
    tests: ['test/usecases/wait-for-outcome.test.ts'],
    title: 'the commit of an outcome at another receiver wakes a waiting request',
  },
  {
    tag: 'postgres/commands-read-only',
    promise: 'the sessions of commands are read-only, whatever their role may do',
    edit: value("'off'"),
    tests: ['test/cli/postgres/beside-a-receiver.slow.test.ts'],
    title: 'the session of a command is read-only, although its user owns the database',
  },
  {
    tag: 'postgres/shown-rows-are-verified',
    promise: 'the views through which operators see the trail are verified',
    edit: removed,
    tests: ['test/cli/postgres/verify.slow.test.ts'],
    title: 'is named',
  },
  {
    tag: 'no-password-in-arguments',
    promise: 'a password of a database is refused where other users of the machine can read it',
    edit: condition(true),
    tests: ['test/cli/postgres/refusals.test.ts'],
  },
  {
    tag: 'database-url-parameters',
    promise:
      'a parameter of DATABASE_URL that has no effect, for example a misspelt sslmode, or that replaces a part is refused',
    edit: condition(false),
    tests: ['test/config/config.test.ts'],
  },
  {
    tag: 'postgres/owner-of-the-tables',
    promise: 'a role to which the tables do not belong is refused at the start, and the owner is named',
    edit: condition(false),
    tests: ['test/cli/doctor/server-database.test.ts'],
  },
  {
    tag: 'postgres/tables-in-another-schema',
    promise: 'a start makes no second set of tables in a database whose search_path has changed',
    edit: condition(false),
    tests: ['test/store/postgres/open.test.ts'],
  },
  {
    tag: 'order-without-a-leader',
    promise: 'an order that no receiver carries out, because none leads, is refused with this reason',
    edit: condition(false),
    tests: ['test/http/openapi/conformance.test.ts'],
  },
  {
    tag: 'file-commands-refuse-postgres',
    promise: 'a command that is for a file does not touch one while a PostgreSQL database is configured',
    edit: condition(false),
    tests: ['test/cli/postgres/refusals.test.ts'],
  },
  {
    tag: 'moved-file-runs-no-receiver',
    promise: 'no receiver starts on a file whose content was moved to PostgreSQL',
    edit: removed,
    tests: [MOVE],
  },
  {
    tag: 'moved-content-is-compared',
    promise: 'a move whose copy shows other rows is not committed',
    edit: removed,
    tests: [MOVE],
  },
  {
    tag: 'moved-file-is-marked-before-the-commit',
    promise: 'whatever interrupts a move, no receiver continues on the file beside the database',
    edit: removed,
    tests: [MOVE],
  },
  {
    tag: 'finished-move-is-not-cancelled',
    promise: 'a receiver is not let onto the file of a move that is complete',
    edit: removed,
    tests: [MOVE],
  },
  {
    tag: 'moved-database-is-marked-before-the-file-appears',
    promise: 'whatever interrupts a move back, no receiver continues on the database beside the file',
    edit: removed,
    tests: [MOVE],
  },
  {
    tag: 'postgres/moved-database-runs-no-receiver',
    promise: 'no receiver starts on a database whose content was moved to a file',
    edit: condition(true),
    tests: [MOVE],
  },
  {
    tag: 'postgres/moved-database-is-moved-to-one-file',
    promise: 'a database that was moved to a file is not moved to a second one, on which the same queue would be sent',
    edit: condition(true),
    tests: [MOVE],
  },
  {
    tag: 'postgres/running-receiver-is-not-moved',
    promise: 'a database that a receiver uses is not moved, nor written by a move',
    edit: removed,
    tests: [MOVE],
  },
  {
    tag: 'postgres/stale-decision-is-made-again',
    promise: 'a decision about an execution that another receiver has changed in between is made again',
    edit: value('new Set<Part | undefined>()'),
    tests: [SEVERAL],
    title: 'each execution has one outcome, and the chain is one',
  },
  {
    tag: 'postgres/ended-receiver-ends-no-connection',
    promise: 'the connection of the leader is not ended because an ended receiver had the same process number',
    edit: swapped('DESC', 'ASC'),
    tests: [SEVERAL],
    title: 'a leader whose process has the number of one that ended is not ended',
  },
  {
    tag: 'postgres/stopped-leader-is-replaced',
    promise: 'a leader that has stopped is replaced, although its connection is open',
    edit: removed,
    tests: [SEVERAL],
    title: 'a leader that has stopped without a sign of life is replaced',
  },
  {
    tag: 'postgres/term-ends-with-another-leader',
    promise: 'a leader that lost its connection begins no work of its term when another one led in between',
    edit: swapped('THEN 0 ELSE 1', 'THEN 0 ELSE 0'),
    tests: [SEVERAL],
    title: 'begins no work of its term when another one led in between',
  },
  {
    tag: 'postgres/slot-of-a-running-receiver',
    promise: 'the slots of receivers that ended a day ago are removed, and no others',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of the source
    edit: swapped('make_interval(days => ${ENDED_DAYS})', "interval '0'"),
    tests: [SEVERAL],
    title: 'the slots of those that ended a day ago are removed',
  },
  {
    tag: 'postgres/state-of-an-ended-leader',
    promise: 'what a leader published that has ended is not shown for long',
    edit: swapped('WHERE at >=', 'WHERE true OR at >='),
    tests: [CHANNEL],
  },
  {
    tag: 'postgres/taken-order-is-not-withdrawn',
    promise: 'an order that the leader carries out is not withdrawn',
    edit: swapped(' AND taken_at IS NULL', ''),
    tests: [CHANNEL],
  },
  {
    tag: 'taken-order-is-not-refused',
    promise: 'an order that a leader took and did not confirm is unconfirmed',
    edit: condition(false),
    tests: [CONTROLS],
    title: 'a leader that ends while it carries out an order leaves it unconfirmed',
  },
  {
    tag: 'report-ends-with-its-leader',
    promise: 'a reconciliation whose leader ended is shown as stopped',
    edit: removed,
    tests: [CONTROLS],
    title: 'is shown as stopped once another receiver leads',
  },
  {
    tag: 'postgres/entries-of-all-in-order',
    promise: 'streams have the entries of all receivers in the order of their commits',
    edit: condition(false),
    tests: [OTHERS],
    title: 'each reports every entry once and in order',
  },
  {
    tag: 'postgres/entry-without-a-partition',
    promise: 'an entry for which no partition was made in time is not lost',
    edit: condition(false),
    tests: ['test/store/postgres/partitions.test.ts'],
  },
  {
    tag: 'postgres/full-disk-is-not-ready',
    promise:
      'a receiver whose database had no room for a commit is not ready until there is room for more than a heartbeat',
    edit: removed,
    tests: ['test/store/postgres/disk-full.slow.test.ts'],
  },
  {
    tag: 'postgres/snapshot-keeps-partitions',
    promise:
      'a command that reads one state of the database sees the entries of that state, whatever is dropped meanwhile',
    edit: removed,
    tests: ['test/store/postgres/retention.slow.test.ts'],
    title: 'stays while a command reads a snapshot',
  },
  {
    tag: 'postgres/one-receiver-migrates',
    promise: 'of the receivers that start on a new database one makes the tables, and the others wait',
    edit: removed,
    tests: [OPEN],
    title: 'makes the schema once, however many receivers start',
  },
  {
    tag: 'postgres/pooler-in-transaction-mode',
    promise: 'a pooler that gives connections the sessions of others is refused at the start',
    edit: condition(false),
    tests: ['test/store/postgres/pgbouncer.slow.test.ts'],
  },
  {
    tag: 'clock-difference-is-reported',
    promise: 'a receiver whose clock differs much from that of the database says so, and is not ready',
    edit: condition(true),
    tests: ['test/observability/clock-notice.test.ts'],
  },
  {
    tag: 'postgres/statements-have-a-limit',
    promise: 'a statement of a receiver ends at its limit, and not at one that an administrator has set',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of the source
    edit: swapped('statement_timeout: `${limitMs ?? 0}`, ', ''),
    tests: ['test/store/postgres/settings.test.ts'],
  },
  {
    tag: 'postgres/connection-lost-at-the-start',
    promise: 'a start during which the connection is lost names the cause and the remedy',
    edit: condition(true),
    tests: [OPEN],
    title: 'names the remedy when the connection is lost during the start',
  },
  {
    tag: 'postgres/unresponsive-host-is-left',
    promise: 'nothing waits for a database that does not respond any more, and closes no connection',
    edit: removed,
    tests: ['test/store/postgres/unresponsive.test.ts'],
  },
  {
    tag: 'postgres/replaced-database-is-left',
    promise: 'a receiver takes no work from a database that was restored or replaced while it runs',
    edit: condition(true),
    tests: [IDENTITY],
  },
  {
    tag: 'postgres/restored-tables-are-noticed',
    promise: 'a receiver that runs notices with its next sign of life that a dump was restored',
    edit: condition(false),
    tests: [IDENTITY],
  },
  {
    tag: 'postgres/dump-restored-in-place-holds-its-queue',
    promise:
      'executions in the queue of a dump that was restored in the place of its tables are not sent a second time',
    edit: value('false'),
    tests: [IDENTITY],
  },
  {
    tag: 'postgres/older-dump-restored-in-place-holds-its-queue',
    promise: 'nor are those of a dump of an earlier version, which does not state its tables',
    edit: condition(false),
    tests: ['test/cli/postgres/backup.slow.test.ts'],
    title:
      'of a receiver of an earlier version, restored in the place of its tables, is a copy until a receiver has run',
  },
  {
    tag: 'postgres/slot-of-another-receiver',
    promise: "receivers do not take each other's slot in a database that has lost its last commits",
    edit: swapped('AND name = $3', 'OR name = $3'),
    tests: [SEVERAL],
    title: 'does not take the slot that another one has got since',
  },
  {
    tag: 'postgres/lost-entries-come-again',
    promise: 'after a promotion that has lost entries, what others commit is reported under the ids of the lost ones',
    edit: removed,
    tests: [OTHERS],
    title: 'after a promotion that has lost the last entries',
  },
  {
    tag: 'postgres/lost-entries-hide-no-others',
    promise: 'entries that were read before a promotion lost them hide none that get their ids',
    edit: condition(false),
    tests: ['test/store/postgres/journal.test.ts'],
  },
  {
    tag: 'postgres/lost-dispatch-is-not-repeated',
    promise: 'what a receiver has seen leave the queue is not sent after a promotion that has lost that',
    edit: condition(false),
    tests: [LOST_DISPATCHES],
  },
  {
    tag: 'postgres/lost-dispatch-is-not-called-unsent',
    promise: 'what may have been sent does not end as unsent after a promotion that has lost that it left the queue',
    edit: condition(false),
    tests: [LOST_DISPATCHES],
    title: 'what was sent is not called unsent when it is',
  },
  {
    tag: 'postgres/partly-committed-batch-says-so',
    promise: 'a batch of which a part is committed on PostgreSQL states which submissions are accepted',
    edit: swapped('allSettled(added)', 'all(added)'),
    tests: ['test/store/postgres/batch-parts.test.ts'],
  },
  {
    tag: 'postgres/committed-claims-are-carried-out',
    promise: 'what a leader has claimed in one commit is sent although another commit of the same round has failed',
    edit: swapped("settled.every(({ status }) => status === 'rejected')", 'true'),
    tests: ['test/store/postgres/decide-ahead.test.ts'],
    title: 'as far as it was committed',
  },
  {
    tag: 'postgres/same-pause-at-two-receivers',
    promise: 'a pause that is ordered at two receivers at the same moment is one pause, and no order fails',
    edit: value('outcome'),
    tests: [LIMITS],
    title: 'a pause that another receiver is ordering at the same moment',
  },
  {
    tag: 'postgres/payload-is-pruned-after-the-end',
    promise: 'an erasure beside the end of an execution at another receiver leaves a trail that holds',
    edit: value('Math.trunc(prunedAt)'),
    tests: ['test/store/postgres/retention.slow.test.ts'],
    title: 'an erasure that was ordered just before another receiver recorded the end',
  },
  {
    tag: 'postgres/ids-are-looked-up',
    promise: 'lists by ids find executions that are older than many others',
    edit: branch('consequent'),
    tests: ['test/store/postgres/lists-by-ids.test.ts'],
  },
  {
    tag: 'postgres/idle-connections-are-kept-alive',
    promise: 'a connection that a pooler or a proxy has dropped while it was idle is noticed',
    edit: swapped(', keepAliveInitialDelayMillis: KEEP_ALIVE_MS', ''),
    tests: ['test/store/postgres/settings.test.ts'],
  },
  {
    tag: 'postgres/vain-attempt-serves-all-reads',
    promise: 'while the database cannot be reached, every read is answered after one attempt to connect',
    edit: removed,
    tests: ['test/store/postgres/vain-attempts.test.ts'],
    title: 'while no connection can be made, no read waits for the attempts of those before it',
  },
  {
    tag: 'postgres/idle-connection-is-asked-first',
    promise: 'a read does not wait for its time limit on a connection that was lost while it was idle',
    edit: removed,
    tests: ['test/store/postgres/idle-connections.test.ts'],
  },
  {
    tag: 'postgres/few-rollups-are-merged-at-once',
    promise: 'a merge of the roll-ups looks at few rows, whatever a database has of them',
    edit: swapped('20_000', '20_000_000'),
    tests: ['test/store/postgres/merging.test.ts'],
  },
  {
    tag: 'postgres/reads-are-planned-for-their-values',
    promise: 'a read of few executions does not read all of them',
    edit: swapped("'auto'", "'force_generic_plan'"),
    tests: ['test/store/postgres/read-plans.test.ts'],
  },
  {
    tag: 'postgres/claim-reads-few-of-the-queue',
    promise: 'a claim does not read the whole queue',
    edit: swapped('ORDER BY w.dispatch_at LIMIT', 'LIMIT'),
    tests: ['test/store/postgres/read-plans.test.ts'],
    title: 'and not the queue',
  },
  {
    tag: 'postgres/rate-moves-with-the-clock',
    promise: 'an app with a rate waits no longer when the clock of the database is set back',
    edit: swapped("make_interval(secs => ($1 ->> 'by')::bigint / 1000.0)", "interval '0'"),
    tests: [LIMITS],
    title: 'a clock of the database that is set back',
  },
  {
    tag: 'postgres/new-times-stay-with-the-clock',
    promise: 'a step of the clock does not move the times of what is accepted meanwhile',
    edit: swapped('AND w.execution <= (SELECT executions FROM before)', ''),
    tests: [CLOCK_STEPS],
    title: 'what comes meanwhile stays',
  },
  {
    tag: 'postgres/all-times-move-with-the-clock',
    promise: 'a step of the clock moves the times of any number of executions',
    edit: removed,
    tests: [CLOCK_STEPS],
    title: 'each moves once',
  },
  {
    tag: 'postgres/waiting-claim-follows-the-clock',
    promise: 'nothing ends by the old clock whose times are of the new one',
    edit: swapped('setMs() - asked', '0'),
    tests: [CLOCK_STEPS],
    title: 'decides by the new clock',
  },
  {
    tag: 'postgres/clock-step-moves-due-times-once',
    promise: 'a step of the clock that was followed is not followed again at the next start',
    edit: swapped('THEN h.at', 'THEN greatest(h.at, excluded.at)'),
    tests: [CLOCK_STEPS],
    title: 'is not the newest one',
  },
  {
    tag: 'postgres/partition-goes-during-a-long-pruning',
    promise:
      'a long pruning returns the space of each partition as soon as all of its entries are pruned, on PostgreSQL',
    edit: removed,
    tests: ['test/store/postgres/retention.slow.test.ts'],
    title: 'goes during a long pruning',
  },
  {
    tag: 'postgres/interrupted-move-is-completed',
    promise:
      'the leader after one that ended in the middle of a step of the clock moves the rest of the times, on PostgreSQL',
    edit: removed,
    tests: [CLOCK_STEPS],
    title: 'the next one moves the rest once',
  },
  {
    tag: 'postgres/interrupted-move-is-not-repeated',
    promise: 'times whose move was interrupted at an unknown place do not move twice, on PostgreSQL',
    edit: condition(false),
    tests: [CLOCK_STEPS],
    title: 'nothing moves twice where it is not known how far it came',
  },
  {
    tag: 'postgres/incident-across-a-step-has-the-new-clock',
    promise: 'what is written of incidents behind a step of the clock is announced by the new clock',
    edit: swapped('event.at + ms', 'event.at'),
    tests: [CLOCK_STEPS],
    title: 'is announced by the new clock',
  },
  {
    tag: 'postgres/event-across-a-step-has-the-new-clock',
    promise: 'what is recorded behind a step of the clock is due by the new clock, on PostgreSQL',
    edit: swapped('movedMs()', '0'),
    tests: [CLOCK_STEPS],
    title: 'has the times of the new clock',
  },
  {
    tag: 'postgres/submission-across-a-step-has-the-new-clock',
    promise: 'what is accepted behind a step of the clock is due by the new clock, on PostgreSQL',
    edit: swapped('movedMs()', '0'),
    tests: [CLOCK_STEPS],
    title: 'has the times of the new clock',
  },
  {
    tag: 'postgres/claims-wait-for-the-clock',
    promise: 'nothing is claimed by the new clock whose times are of the old one',
    edit: swapped('alone(async () =>', '(async (work: () => Promise<void>) => work())(async () =>'),
    tests: [CLOCK_STEPS],
    title: 'nothing is claimed meanwhile',
  },
  {
    tag: 'postgres/announcements-move-with-the-clock',
    promise: 'a clock of the database that is set back delays no announcement of an incident',
    edit: swapped('WHERE due_at IS NOT NULL AND', 'WHERE false AND'),
    tests: ['test/store/postgres/contract.slow.test.ts'],
    title: 'what is to be announced moves with the clock',
  },
  {
    tag: 'postgres/leader-of-another-role',
    promise: 'a receiver that could not replace a leader that hangs says so at its start',
    edit: condition(false),
    tests: [OPEN],
    title: 'reports at the start that it may not end the connections of others',
  },
  {
    tag: 'postgres/cut-step-continues',
    promise: 'a search that leaves texts of a step unread continues behind those that it read',
    edit: value('edge'),
    tests: [PAGES],
    title: 'a search over more text than is read at once',
  },
  {
    tag: 'postgres/large-results-commit-alone',
    promise: 'large results that come at once are committed one by one, each within the time limit of a statement',
    edit: condition(false),
    tests: ['test/store/postgres/large-results.slow.test.ts'],
  },
  {
    tag: 'stream-of-lost-entries-ends',
    promise: 'a stream whose last entries a promotion has lost ends, instead of leaving out what has their ids',
    edit: swapped(' || feed.newest < position', ''),
    tests: [OTHERS],
    title: 'after a promotion that has lost the last entries',
  },
];
