CREATE TABLE `audit_event_names` (
	`code` integer PRIMARY KEY NOT NULL,
	`name` text NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `audit_rows` (
	`id` integer PRIMARY KEY NOT NULL,
	`execution` integer NOT NULL,
	`at` integer NOT NULL,
	`event` any NOT NULL,
	`execution_id` any,
	`latency_ms` integer,
	`http_status` integer,
	`hash` any NOT NULL,
	`app` text,
	`action_id` text,
	`detail` text
) STRICT;
--> statement-breakpoint
CREATE INDEX `audit_rows_by_execution` ON `audit_rows` (`execution`);
--> statement-breakpoint
CREATE TABLE `execution_rows` (
	`id` integer PRIMARY KEY NOT NULL,
	`status` any NOT NULL,
	`resolved_by` any,
	`reference` any,
	`correlation_id` text NOT NULL,
	`app` text NOT NULL,
	`action_id` text NOT NULL,
	`execution_id` text,
	`other_execution_id` any,
	`hearsay` integer NOT NULL,
	`submitted_at` integer NOT NULL,
	`sent_at` integer,
	`resolved_at` integer,
	`poll_after` integer,
	`deadline` integer,
	`dispatch_at` integer,
	`poll_at` integer,
	`expire_at` integer,
	`not_found_at` integer,
	`found_at` integer,
	`latency_ms` integer,
	`poll_count` integer NOT NULL,
	`attempts` integer NOT NULL,
	`timeout_seconds` integer NOT NULL,
	`grace_seconds` integer NOT NULL,
	`retry_uncertain` integer NOT NULL,
	`priority` integer NOT NULL,
	`outcome` integer,
	`payload_pruned_at` integer,
	`held_at` integer,
	`erased_at` integer,
	`fingerprint` any NOT NULL,
	`notify_url` text,
	`idempotency_key` text,
	`traceparent` text,
	`tracestate` text,
	`execution_id_problem` text,
	`poll_url` text,
	`cookies` text,
	`unknown_word` text
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `execution_rows_by_correlation_id` ON `execution_rows` (`correlation_id`);
--> statement-breakpoint
CREATE UNIQUE INDEX `execution_rows_by_reference` ON `execution_rows` (`reference`);
--> statement-breakpoint
CREATE INDEX `execution_rows_by_app` ON `execution_rows` (`app`,`reference`);
--> statement-breakpoint
CREATE UNIQUE INDEX `execution_rows_by_idempotency_key` ON `execution_rows` (`app`,`idempotency_key`) WHERE idempotency_key IS NOT NULL;
--> statement-breakpoint
CREATE INDEX `execution_rows_by_execution_id` ON `execution_rows` (lower(substr(CASE WHEN other_execution_id IS NULL THEN execution_id ELSE other_execution_id END, -8))) WHERE execution_id IS NOT NULL;
--> statement-breakpoint
CREATE INDEX `execution_rows_to_dispatch` ON `execution_rows` (`app`,`priority`,`dispatch_at`) WHERE dispatch_at IS NOT NULL;
--> statement-breakpoint
CREATE INDEX `execution_rows_to_poll` ON `execution_rows` (`app`,`poll_at`) WHERE poll_at IS NOT NULL;
--> statement-breakpoint
CREATE INDEX `execution_rows_to_expire` ON `execution_rows` (`expire_at`) WHERE expire_at IS NOT NULL;
--> statement-breakpoint
CREATE INDEX `execution_rows_open` ON `execution_rows` (`reference`) WHERE resolved_at IS NULL AND status <> 0;
--> statement-breakpoint
CREATE INDEX `execution_rows_held` ON `execution_rows` (`held_at`) WHERE held_at IS NOT NULL;
--> statement-breakpoint
CREATE TABLE `outcome_rows` (
	`id` integer PRIMARY KEY NOT NULL,
	`result` text,
	`error` text,
	`late_result` text
) STRICT;
--> statement-breakpoint
CREATE TABLE `payload_hashes` (
	`id` integer PRIMARY KEY NOT NULL,
	`sha256` text NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `payload_rows` (
	`id` integer PRIMARY KEY NOT NULL,
	`inputs` text NOT NULL,
	`context` text NOT NULL
) STRICT;
--> statement-breakpoint
-- From here on by hand. Triggers and views of the wide tables go; the wide tables keep their rows until these are moved.
DROP VIEW `action_latency`;
--> statement-breakpoint
DROP VIEW `unresolved`;
--> statement-breakpoint
DROP VIEW `callback_health`;
--> statement-breakpoint
DROP VIEW `conservation`;
--> statement-breakpoint
DROP VIEW `callback_skew`;
--> statement-breakpoint
DROP VIEW `queue_by_app`;
--> statement-breakpoint
DROP VIEW `execution_story`;
--> statement-breakpoint
DROP VIEW `hourly`;
--> statement-breakpoint
DROP VIEW `doubtful`;
--> statement-breakpoint
DROP TRIGGER IF EXISTS `audit_events_no_update`;
--> statement-breakpoint
DROP TRIGGER IF EXISTS `audit_events_no_delete`;
--> statement-breakpoint
DROP TRIGGER IF EXISTS `audit_events_no_replace`;
--> statement-breakpoint
DROP TRIGGER IF EXISTS `executions_terminal_stays`;
--> statement-breakpoint
ALTER TABLE `audit_events` RENAME TO `audit_events_0004`;
--> statement-breakpoint
ALTER TABLE `executions` RENAME TO `executions_0004`;
--> statement-breakpoint
INSERT INTO `audit_event_names` (`code`, `name`) VALUES
	(1, 'ACCEPTED'), (2, 'DISPATCHED'), (3, 'SUBMITTED'), (4, 'FAILED'),
	(5, 'NETWORK_ERROR'), (6, 'RATE_LIMITED'), (7, 'TOKEN_ERROR'), (8, 'CALLBACK_COMPLETED'),
	(9, 'CALLBACK_PROGRESS'), (10, 'CALLBACK_HINT'), (11, 'CALLBACK_DUPLICATE'), (12, 'CALLBACK_CONFLICT'),
	(13, 'CALLBACK_LATE'), (14, 'CALLBACK_UNREADABLE'), (15, 'CALLBACK_MISMATCH'), (16, 'POLL_REQUESTED'),
	(17, 'POLL_COMPLETED'), (18, 'POLL_PROGRESS'), (19, 'POLL_ERROR'), (20, 'POLL_404'),
	(21, 'POLL_MISMATCH'), (22, 'POLL_TIMEOUT'), (23, 'QUEUE_TIMEOUT'), (24, 'CANCELLED'),
	(25, 'CANCEL_IGNORED'), (26, 'NOTIFICATION_DELIVERED'), (27, 'NOTIFICATION_FAILED'), (28, 'NOTIFICATION_DEAD'),
	(29, 'NOTIFICATION_REPLAYED'), (30, 'HELD'), (31, 'RELEASED'), (32, 'ERASED');
--> statement-breakpoint
-- Executions with text in place of codes, bytes and milliseconds. Rows with status 0 only name what entries of an import are about.
CREATE VIEW `executions` AS SELECT
	`e`.`correlation_id` AS `correlation_id`,
	CAST(CASE typeof(`e`.`reference`) WHEN 'blob' THEN lower(substr(hex(`e`.`reference`), 1, 8) || '-' || substr(hex(`e`.`reference`), 9, 4) || '-' || substr(hex(`e`.`reference`), 13, 4)
		|| '-' || substr(hex(`e`.`reference`), 17, 4) || '-' || substr(hex(`e`.`reference`), 21)) ELSE `e`.`reference` END AS TEXT) AS `reference`,
	`e`.`app` AS `app`,
	`e`.`action_id` AS `action_id`,
	CAST(CASE WHEN `e`.`other_execution_id` IS NULL THEN `e`.`execution_id` ELSE nullif(`e`.`other_execution_id`, 0) END AS TEXT) AS `execution_id`,
	`e`.`hearsay` AS `hearsay`,
	CAST(CASE `e`.`status` WHEN 1 THEN 'QUEUED' WHEN 2 THEN 'UNCONFIRMED' WHEN 3 THEN 'PENDING' WHEN 4 THEN 'COMPLETED' WHEN 5 THEN 'FAILED' WHEN 6 THEN 'REJECTED' WHEN 7 THEN 'NOT_FOUND' WHEN 8 THEN 'TIMEOUT' WHEN 9 THEN 'CANCELLED' ELSE `e`.`status` END AS TEXT) AS `status`,
	CAST(CASE `e`.`resolved_by` WHEN 1 THEN 'callback' WHEN 2 THEN 'poll' WHEN 3 THEN 'submit' WHEN 4 THEN 'deadline' WHEN 5 THEN 'cancel' ELSE `e`.`resolved_by` END AS TEXT) AS `resolved_by`,
	CAST(coalesce((SELECT `inputs` FROM `payload_rows` WHERE `id` = `e`.`id`), '{}') AS TEXT) AS `inputs`,
	CAST(coalesce((SELECT `context` FROM `payload_rows` WHERE `id` = `e`.`id`), '{}') AS TEXT) AS `context`,
	CAST((SELECT `result` FROM `outcome_rows` WHERE `id` = `e`.`outcome`) AS TEXT) AS `result`,
	CAST((SELECT `error` FROM `outcome_rows` WHERE `id` = `e`.`outcome`) AS TEXT) AS `error`,
	CAST((SELECT `late_result` FROM `outcome_rows` WHERE `id` = `e`.`outcome`) AS TEXT) AS `late_result`,
	CAST(strftime('%Y-%m-%dT%H:%M:%fZ', `e`.`submitted_at` / 1000.0, 'unixepoch') AS TEXT) AS `submitted_at`,
	CAST(strftime('%Y-%m-%dT%H:%M:%fZ', `e`.`sent_at` / 1000.0, 'unixepoch') AS TEXT) AS `sent_at`,
	CAST(strftime('%Y-%m-%dT%H:%M:%fZ', `e`.`resolved_at` / 1000.0, 'unixepoch') AS TEXT) AS `resolved_at`,
	CAST(strftime('%Y-%m-%dT%H:%M:%fZ', `e`.`poll_after` / 1000.0, 'unixepoch') AS TEXT) AS `poll_after`,
	CAST(strftime('%Y-%m-%dT%H:%M:%fZ', `e`.`deadline` / 1000.0, 'unixepoch') AS TEXT) AS `deadline`,
	`e`.`latency_ms` AS `latency_ms`,
	CAST(max(0, `e`.`resolved_at` - `e`.`submitted_at`) AS INTEGER) AS `total_latency_ms`,
	`e`.`poll_count` AS `poll_count`,
	`e`.`attempts` AS `attempts`,
	`e`.`timeout_seconds` AS `timeout_seconds`,
	`e`.`grace_seconds` AS `grace_seconds`,
	`e`.`retry_uncertain` AS `retry_uncertain`,
	`e`.`notify_url` AS `notify_url`,
	CAST(CASE typeof(`e`.`fingerprint`) WHEN 'blob' THEN lower(hex(`e`.`fingerprint`)) ELSE `e`.`fingerprint` END AS TEXT) AS `fingerprint`,
	CAST(strftime('%Y-%m-%dT%H:%M:%fZ', `e`.`dispatch_at` / 1000.0, 'unixepoch') AS TEXT) AS `dispatch_at`,
	CAST(strftime('%Y-%m-%dT%H:%M:%fZ', `e`.`poll_at` / 1000.0, 'unixepoch') AS TEXT) AS `poll_at`,
	CAST(strftime('%Y-%m-%dT%H:%M:%fZ', `e`.`expire_at` / 1000.0, 'unixepoch') AS TEXT) AS `expire_at`,
	`e`.`priority` AS `priority`,
	`e`.`idempotency_key` AS `idempotency_key`,
	`e`.`traceparent` AS `traceparent`,
	`e`.`tracestate` AS `tracestate`,
	CAST(strftime('%Y-%m-%dT%H:%M:%fZ', nullif(`e`.`payload_pruned_at`, 0) / 1000.0, 'unixepoch') AS TEXT) AS `payload_pruned_at`,
	CAST(CASE WHEN `e`.`payload_pruned_at` IS NOT NULL THEN (SELECT `sha256` FROM `payload_hashes` WHERE `id` = `e`.`id`) END AS TEXT) AS `payload_sha256`,
	`e`.`execution_id_problem` AS `execution_id_problem`,
	`e`.`poll_url` AS `poll_url`,
	`e`.`unknown_word` AS `unknown_word`,
	CAST(strftime('%Y-%m-%dT%H:%M:%fZ', `e`.`not_found_at` / 1000.0, 'unixepoch') AS TEXT) AS `not_found_at`,
	CAST(strftime('%Y-%m-%dT%H:%M:%fZ', `e`.`found_at` / 1000.0, 'unixepoch') AS TEXT) AS `found_at`,
	CAST(strftime('%Y-%m-%dT%H:%M:%fZ', `e`.`held_at` / 1000.0, 'unixepoch') AS TEXT) AS `held_at`,
	CAST(strftime('%Y-%m-%dT%H:%M:%fZ', `e`.`erased_at` / 1000.0, 'unixepoch') AS TEXT) AS `erased_at`,
	`e`.`cookies` AS `cookies`
FROM `execution_rows` AS `e` WHERE `e`.`status` <> 0;
--> statement-breakpoint
-- Entries with text in place of codes, bytes and milliseconds. What an entry shares with its execution is stored there.
CREATE VIEW `audit_events` AS SELECT
	`a`.`id` AS `id`,
	CAST(strftime('%Y-%m-%dT%H:%M:%fZ', `a`.`at` / 1000.0, 'unixepoch') AS TEXT) AS `timestamp`,
	CAST(coalesce((SELECT `name` FROM `audit_event_names` WHERE `code` = `a`.`event`), `a`.`event`) AS TEXT) AS `event`,
	CAST(coalesce(`a`.`action_id`, `e`.`action_id`) AS TEXT) AS `action_id`,
	`e`.`correlation_id` AS `correlation_id`,
	CAST(CASE `a`.`execution_id` WHEN 1 THEN `e`.`execution_id` ELSE `a`.`execution_id` END AS TEXT) AS `execution_id`,
	`a`.`latency_ms` AS `latency_ms`,
	`a`.`http_status` AS `http_status`,
	CAST(coalesce(`a`.`app`, `e`.`app`) AS TEXT) AS `app`,
	CAST(coalesce(`a`.`detail`, '{"timeoutSeconds":' || `e`.`timeout_seconds` || ',"graceSeconds":' || `e`.`grace_seconds`
		|| ',"retryUncertain":' || iif(`e`.`retry_uncertain`, 'true', 'false') || '}') AS TEXT) AS `detail`,
	CAST(CASE typeof(`a`.`hash`) WHEN 'blob' THEN lower(hex(`a`.`hash`)) ELSE `a`.`hash` END AS TEXT) AS `hash`
FROM `audit_rows` AS `a` LEFT JOIN `execution_rows` AS `e` ON `e`.`id` = `a`.`execution`;
--> statement-breakpoint
CREATE TRIGGER `audit_rows_no_update` BEFORE UPDATE ON `audit_rows`
WHEN NOT (
	NEW.`id` = OLD.`id` AND NEW.`execution` = OLD.`execution` AND NEW.`at` = OLD.`at` AND NEW.`event` = OLD.`event`
	AND NEW.`execution_id` IS OLD.`execution_id` AND NEW.`latency_ms` IS OLD.`latency_ms` AND NEW.`http_status` IS OLD.`http_status`
	AND NEW.`hash` = OLD.`hash` AND NEW.`app` IS OLD.`app` AND NEW.`action_id` IS OLD.`action_id`
	AND json_extract(NEW.`detail`, '$.erased') IS 1
	AND EXISTS (SELECT 1 FROM `execution_rows` WHERE `id` = OLD.`execution` AND `erased_at` IS NOT NULL)
)
BEGIN
	SELECT RAISE(ABORT, 'audit_events is append-only: entries are never changed');
END;
--> statement-breakpoint
-- Entries leave only through pruning, which first records in audit_checkpoint how far it went.
CREATE TRIGGER `audit_rows_no_delete` BEFORE DELETE ON `audit_rows`
WHEN OLD.`id` > (SELECT `pruned_through` FROM `audit_checkpoint` WHERE `id` = 1)
BEGIN
	SELECT RAISE(ABORT, 'audit_events is append-only: entries are never deleted');
END;
--> statement-breakpoint
-- INSERT OR REPLACE gets past the DELETE trigger on connections without recursive_triggers; it does not get past this one.
CREATE TRIGGER `audit_rows_no_replace` BEFORE INSERT ON `audit_rows`
WHEN NEW.`id` <= (SELECT coalesce(max(`id`), 0) FROM `audit_rows`)
BEGIN
	SELECT RAISE(ABORT, 'audit_events is append-only: a new entry has the next id');
END;
--> statement-breakpoint
-- SQLite refuses to write to a view without them, too, but does not say why.
CREATE TRIGGER `audit_events_no_update` INSTEAD OF UPDATE ON `audit_events`
BEGIN
	SELECT RAISE(ABORT, 'audit_events is append-only: entries are never changed');
END;
--> statement-breakpoint
CREATE TRIGGER `audit_events_no_delete` INSTEAD OF DELETE ON `audit_events`
BEGIN
	SELECT RAISE(ABORT, 'audit_events is append-only: entries are never deleted');
END;
--> statement-breakpoint
CREATE TRIGGER `audit_events_no_insert` INSTEAD OF INSERT ON `audit_events`
BEGIN
	SELECT RAISE(ABORT, 'audit_events is append-only: only the receiver appends an entry');
END;
--> statement-breakpoint
-- Entries show the names.
CREATE TRIGGER `audit_event_names_no_update` BEFORE UPDATE ON `audit_event_names`
BEGIN
	SELECT RAISE(ABORT, 'audit_events is append-only: names of events are never changed');
END;
--> statement-breakpoint
CREATE TRIGGER `audit_event_names_no_delete` BEFORE DELETE ON `audit_event_names`
BEGIN
	SELECT RAISE(ABORT, 'audit_events is append-only: names of events are never deleted');
END;
--> statement-breakpoint
CREATE TRIGGER `audit_event_names_no_replace` BEFORE INSERT ON `audit_event_names`
WHEN EXISTS (SELECT 1 FROM `audit_event_names` WHERE `code` = NEW.`code`)
BEGIN
	SELECT RAISE(ABORT, 'audit_events is append-only: names of events are never changed');
END;
--> statement-breakpoint
CREATE TRIGGER `execution_rows_terminal_stays` BEFORE UPDATE OF `status` ON `execution_rows`
WHEN OLD.`status` IN (4, 5, 6, 7, 8, 9) AND NEW.`status` <> OLD.`status`
BEGIN
	SELECT RAISE(ABORT, 'a terminal status never changes');
END;
--> statement-breakpoint
-- Entries show these columns of their execution.
CREATE TRIGGER `execution_rows_shared_stays` BEFORE UPDATE OF
	`id`, `correlation_id`, `app`, `action_id`, `execution_id`, `timeout_seconds`, `grace_seconds`, `retry_uncertain` ON `execution_rows`
WHEN OLD.`status` <> 0 AND NOT (
	NEW.`id` = OLD.`id` AND NEW.`correlation_id` = OLD.`correlation_id` AND NEW.`app` = OLD.`app` AND NEW.`action_id` = OLD.`action_id`
	AND (NEW.`execution_id` IS OLD.`execution_id` OR OLD.`execution_id` IS NULL) AND NEW.`timeout_seconds` = OLD.`timeout_seconds`
	AND NEW.`grace_seconds` = OLD.`grace_seconds` AND NEW.`retry_uncertain` = OLD.`retry_uncertain`
)
BEGIN
	SELECT RAISE(ABORT, 'audit_events is append-only: what its entries show of an execution never changes');
END;
--> statement-breakpoint
CREATE TRIGGER `execution_rows_no_delete` BEFORE DELETE ON `execution_rows`
WHEN EXISTS (SELECT 1 FROM `audit_rows` WHERE `execution` = OLD.`id`)
BEGIN
	SELECT RAISE(ABORT, 'audit_events is append-only: an execution with entries is never deleted');
END;
--> statement-breakpoint
-- INSERT OR REPLACE gets past the DELETE trigger here, too.
CREATE TRIGGER `execution_rows_no_replace` BEFORE INSERT ON `execution_rows`
WHEN EXISTS (SELECT 1 FROM `execution_rows` WHERE `id` = NEW.`id` OR `correlation_id` = NEW.`correlation_id`)
BEGIN
	SELECT RAISE(ABORT, 'audit_events is append-only: an execution with entries is never replaced');
END;
--> statement-breakpoint
CREATE VIEW `action_latency` AS
WITH `ranked` AS (
	SELECT `action_id`, `resolved_by`, `total_latency_ms`,
		row_number() OVER (PARTITION BY `action_id`, `resolved_by` ORDER BY `total_latency_ms`) AS `rank`,
		count(*) OVER (PARTITION BY `action_id`, `resolved_by`) AS `size`
	FROM `executions` WHERE `resolved_by` IS NOT NULL
)
SELECT `action_id`, `resolved_by`, CAST(`size` AS INTEGER) AS `count`,
	CAST(max(CASE WHEN `rank` = (`size` * 50 + 99) / 100 THEN `total_latency_ms` END) AS INTEGER) AS `p50`,
	CAST(max(CASE WHEN `rank` = (`size` * 95 + 99) / 100 THEN `total_latency_ms` END) AS INTEGER) AS `p95`,
	CAST(max(CASE WHEN `rank` = (`size` * 99 + 99) / 100 THEN `total_latency_ms` END) AS INTEGER) AS `p99`
FROM `ranked` GROUP BY `action_id`, `resolved_by`, `size`;
--> statement-breakpoint
CREATE VIEW `unresolved` AS
SELECT `correlation_id`, `action_id`, `app`, CAST(CASE `status` WHEN 1 THEN 'QUEUED' WHEN 2 THEN 'UNCONFIRMED' WHEN 3 THEN 'PENDING' ELSE `status` END AS TEXT) AS `status`,
	CAST(CASE WHEN `other_execution_id` IS NULL THEN `execution_id` ELSE nullif(`other_execution_id`, 0) END AS TEXT) AS `execution_id`,
	CAST(strftime('%Y-%m-%dT%H:%M:%fZ', `submitted_at` / 1000.0, 'unixepoch') AS TEXT) AS `submitted_at`,
	CAST(round((julianday('now') - julianday(`submitted_at` / 1000.0, 'unixepoch')) * 86400, 3) AS REAL) AS `age_seconds`,
	CAST(CASE
		WHEN `dispatch_at` IS NOT NULL THEN 'send to CXone'
		WHEN `poll_at` >= `deadline` THEN 'poll CXone for the last time'
		WHEN `poll_at` IS NOT NULL THEN 'poll CXone'
		ELSE 'time out unless the callback comes'
	END AS TEXT) AS `next_step`,
	CAST(strftime('%Y-%m-%dT%H:%M:%fZ', coalesce(`dispatch_at`, `poll_at`, `expire_at`) / 1000.0, 'unixepoch') AS TEXT) AS `next_at`,
	CAST(strftime('%Y-%m-%dT%H:%M:%fZ', `deadline` / 1000.0, 'unixepoch') AS TEXT) AS `deadline`
FROM `execution_rows` WHERE `dispatch_at` IS NOT NULL OR `poll_at` IS NOT NULL OR `expire_at` IS NOT NULL;
--> statement-breakpoint
CREATE VIEW `callback_health` AS
SELECT `action_id`, CAST(substr(`resolved_at`, 1, 13) || ':00:00.000Z' AS TEXT) AS `hour`,
	CAST(count(*) FILTER (WHERE `resolved_by` = 'callback') AS INTEGER) AS `by_callback`,
	CAST(count(*) FILTER (WHERE `resolved_by` = 'poll') AS INTEGER) AS `by_poll`,
	CAST(count(*) FILTER (WHERE `status` = 'TIMEOUT' AND `sent_at` IS NOT NULL) AS INTEGER) AS `timed_out`,
	CAST(count(*) FILTER (WHERE `late_result` IS NOT NULL) AS INTEGER) AS `late`,
	CAST(round(1.0 * count(*) FILTER (WHERE `resolved_by` = 'poll' OR (`status` = 'TIMEOUT' AND `sent_at` IS NOT NULL))
		/ nullif(count(*) FILTER (WHERE `resolved_by` IN ('callback', 'poll') OR (`status` = 'TIMEOUT' AND `sent_at` IS NOT NULL)), 0), 4)
		AS REAL) AS `missed_callback_share`
FROM `executions` WHERE `resolved_at` IS NOT NULL
GROUP BY `action_id`, substr(`resolved_at`, 1, 13);
--> statement-breakpoint
CREATE VIEW `conservation` AS
SELECT CAST(`accepted` AS INTEGER) AS `accepted`, CAST(`terminal` AS INTEGER) AS `terminal`, CAST(`open` AS INTEGER) AS `open`,
	CAST(`accepted` - `terminal` - `open` AS INTEGER) AS `difference`
FROM (
	SELECT
		(SELECT count(*) FROM `audit_rows` WHERE `event` = 1)
			+ (SELECT `accepted` FROM `audit_checkpoint` WHERE `id` = 1) AS `accepted`,
		(SELECT count(*) FROM `execution_rows` WHERE `status` NOT IN (0, 1, 2, 3))
			+ (SELECT `executions` FROM `audit_checkpoint` WHERE `id` = 1) AS `terminal`,
		(SELECT count(*) FROM `execution_rows` WHERE `status` IN (1, 2, 3)) AS `open`
);
--> statement-breakpoint
CREATE VIEW `callback_skew` AS
SELECT `e`.`correlation_id`, `e`.`action_id`, `e`.`app`, `e`.`resolved_by`, CAST(`c`.`at` AS TEXT) AS `called_back_at`,
	CAST(`p`.`at` AS TEXT) AS `found_at`,
	CAST(round((julianday(`c`.`at`) - julianday(`p`.`at`)) * 86400, 3) AS REAL) AS `skew_seconds`
FROM (
	SELECT `correlation_id`, min(`timestamp`) AS `at` FROM `audit_events` WHERE `event` = 'POLL_COMPLETED' GROUP BY `correlation_id`
) AS `p`
JOIN (
	SELECT `correlation_id`, min(`timestamp`) AS `at` FROM `audit_events`
	WHERE `event` IN ('CALLBACK_COMPLETED', 'CALLBACK_DUPLICATE', 'CALLBACK_CONFLICT', 'CALLBACK_LATE') GROUP BY `correlation_id`
) AS `c` ON `c`.`correlation_id` = `p`.`correlation_id`
JOIN `executions` AS `e` ON `e`.`correlation_id` = `p`.`correlation_id`;
--> statement-breakpoint
CREATE VIEW `queue_by_app` AS
SELECT `app`, `priority`, CAST(count(*) AS INTEGER) AS `queued`, CAST(strftime('%Y-%m-%dT%H:%M:%fZ', min(`submitted_at`) / 1000.0, 'unixepoch') AS TEXT) AS `oldest_at`,
	CAST(round((julianday('now') - julianday(min(`submitted_at`) / 1000.0, 'unixepoch')) * 86400, 3) AS REAL) AS `oldest_seconds`,
	CAST(strftime('%Y-%m-%dT%H:%M:%fZ', min(`dispatch_at`) / 1000.0, 'unixepoch') AS TEXT) AS `next_at`
FROM `execution_rows` WHERE `dispatch_at` IS NOT NULL GROUP BY `app`, `priority`;
--> statement-breakpoint
CREATE VIEW `hourly` AS
SELECT CAST(substr(`submitted_at`, 1, 13) || ':00:00.000Z' AS TEXT) AS `hour`, `app`, `action_id`, CAST(count(*) AS INTEGER) AS `submitted`,
	CAST(count(*) FILTER (WHERE `status` = 'COMPLETED') AS INTEGER) AS `completed`,
	CAST(count(*) FILTER (WHERE `status` = 'FAILED') AS INTEGER) AS `failed`,
	CAST(count(*) FILTER (WHERE `status` = 'REJECTED') AS INTEGER) AS `rejected`,
	CAST(count(*) FILTER (WHERE `status` = 'NOT_FOUND') AS INTEGER) AS `not_found`,
	CAST(count(*) FILTER (WHERE `status` = 'TIMEOUT') AS INTEGER) AS `timed_out`,
	CAST(count(*) FILTER (WHERE `status` = 'CANCELLED') AS INTEGER) AS `cancelled`,
	CAST(count(*) FILTER (WHERE `resolved_at` IS NULL) AS INTEGER) AS `open`,
	CAST(round(avg(`total_latency_ms`)) AS REAL) AS `mean_ms`
FROM `executions` GROUP BY substr(`submitted_at`, 1, 13), `app`, `action_id`;
--> statement-breakpoint
CREATE VIEW `doubtful` AS
SELECT `correlation_id`, `action_id`, `app`, `status`, `execution_id`, `submitted_at`, `sent_at`, `resolved_at`,
	CAST(`execution_id` IS NOT NULL OR `poll_url` IS NOT NULL AS INTEGER) AS `can_be_asked`
FROM `executions`
WHERE (`status` IN ('TIMEOUT', 'NOT_FOUND', 'CANCELLED') AND `sent_at` IS NOT NULL AND `late_result` IS NULL)
	OR `status` = 'UNCONFIRMED';
--> statement-breakpoint
-- The trail in words: `seconds` since the execution was accepted.
CREATE VIEW `execution_story` AS
SELECT `correlation_id`, `id`, `timestamp`,
	CAST(round(
		(julianday(`timestamp`) - julianday(first_value(`timestamp`) OVER (PARTITION BY `correlation_id` ORDER BY `id`))) * 86400, 3
	) AS REAL) AS `seconds`,
	`event`,
	CAST(CASE
		WHEN `event` = 'ACCEPTED' THEN 'stored, and the app was answered'
		WHEN `event` = 'DISPATCHED' THEN 'handed to the network'
		WHEN `event` = 'SUBMITTED' THEN 'CXone took it'
		WHEN `event` = 'FAILED' THEN 'CXone refused it'
		WHEN `event` = 'NETWORK_ERROR' THEN 'no answer from CXone'
		WHEN `event` = 'RATE_LIMITED' THEN 'CXone asked to wait'
		WHEN `event` = 'TOKEN_ERROR' THEN 'no token from CXone, so it waits'
		WHEN `event` = 'CALLBACK_COMPLETED' THEN 'the callback brought the outcome'
		WHEN `event` = 'CALLBACK_PROGRESS' THEN 'a callback said that it goes on'
		WHEN `event` = 'CALLBACK_HINT' THEN 'an unverified callback, so CXone is asked'
		WHEN `event` = 'CALLBACK_DUPLICATE' THEN 'a callback said the same again'
		WHEN `event` = 'CALLBACK_CONFLICT' THEN 'a callback said something else'
		WHEN `event` = 'CALLBACK_LATE' THEN 'a callback brought a result too late; it is kept'
		WHEN `event` = 'CALLBACK_UNREADABLE' THEN 'a callback that nobody can read, so CXone is asked'
		WHEN `event` = 'CALLBACK_MISMATCH' THEN 'a callback for another execution'
		WHEN `event` = 'POLL_REQUESTED' THEN 'somebody wanted CXone to be asked'
		WHEN `event` = 'POLL_COMPLETED' AND json_extract(`detail`, '$.outcome') = 'late' THEN 'a poll found a result too late; it is kept'
		WHEN `event` = 'POLL_COMPLETED' AND json_extract(`detail`, '$.outcome') IS NOT NULL THEN 'a poll found what was known, or something else'
		WHEN `event` = 'POLL_COMPLETED' THEN 'a poll found the outcome'
		WHEN `event` = 'POLL_PROGRESS' THEN 'asked; CXone is still at it'
		WHEN `event` = 'POLL_ERROR' THEN 'asked; no answer that can be used'
		WHEN `event` = 'POLL_404' THEN 'asked; CXone does not know it'
		WHEN `event` = 'POLL_MISMATCH' THEN 'asked; the response was about another execution'
		WHEN `event` = 'POLL_TIMEOUT' THEN 'the polling window ended'
		WHEN `event` = 'QUEUE_TIMEOUT' THEN 'it waited too long to be sent'
		WHEN `event` = 'CANCELLED' THEN 'given up'
		WHEN `event` = 'CANCEL_IGNORED' THEN 'it was to be given up, but had ended'
		WHEN `event` = 'NOTIFICATION_DELIVERED' THEN 'the app was told'
		WHEN `event` = 'NOTIFICATION_FAILED' THEN 'the app could not be told; it is tried again'
		WHEN `event` = 'NOTIFICATION_DEAD' THEN 'the app could not be told; given up'
		WHEN `event` = 'NOTIFICATION_REPLAYED' THEN 'the app is notified once more'
		WHEN `event` = 'HELD' THEN 'exempt from pruning and erasure'
		WHEN `event` = 'RELEASED' THEN 'no longer exempt from pruning and erasure'
		WHEN `event` = 'ERASED' THEN 'its content was erased'
		ELSE lower(replace(`event`, '_', ' '))
	END AS TEXT) AS `what`,
	`http_status`, `latency_ms`, CAST(coalesce(json_extract(`detail`, '$.by'), 'receiver') AS TEXT) AS `by`, `detail`
FROM `audit_events`;
--> statement-breakpoint
-- Roll-ups: counts that commit with the executions. The first start of a receiver fills them.
CREATE TABLE `rollup_ended` (
	`hour` text NOT NULL,
	`action_id` text NOT NULL,
	`channel` text NOT NULL,
	`missed` integer NOT NULL,
	`called_back_later` integer NOT NULL,
	`has_skew` integer NOT NULL,
	`skew_ms` integer NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`hour`, `action_id`, `channel`, `missed`, `called_back_later`, `has_skew`, `skew_ms`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `rollup_outcomes` (
	`hour` text NOT NULL,
	`app` text NOT NULL,
	`action_id` text NOT NULL,
	`status` text NOT NULL,
	`resolved_by` text NOT NULL,
	`sent` integer NOT NULL,
	`late` integer NOT NULL,
	`ms` integer NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`hour`, `app`, `action_id`, `status`, `resolved_by`, `sent`, `late`, `ms`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `rollup_sample` (
	`action_id` text NOT NULL,
	`level` integer NOT NULL,
	`reference` any NOT NULL,
	PRIMARY KEY(`action_id`, `level`, `reference`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `rollup_sample_levels` (
	`action_id` text NOT NULL,
	`day` text NOT NULL,
	`level` integer NOT NULL,
	PRIMARY KEY(`action_id`, `day`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `rollup_state` (
	`id` integer PRIMARY KEY NOT NULL,
	`counted_from` text NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `rollup_submitted` (
	`hour` text NOT NULL,
	`app` text NOT NULL,
	`action_id` text NOT NULL,
	`kind` text NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`hour`, `app`, `action_id`, `kind`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `operator_activity` (
	`id` integer PRIMARY KEY NOT NULL,
	`started_at` text NOT NULL,
	`ended_at` text,
	`operator` text NOT NULL,
	`action` text NOT NULL,
	`target` text,
	`filter` text,
	`reason` text,
	`outcome` text NOT NULL,
	`matched` integer,
	`changed` integer
) STRICT;
--> statement-breakpoint
CREATE INDEX `operator_activity_by_operator` ON `operator_activity` (`operator`,`id`);
--> statement-breakpoint
CREATE TRIGGER `operator_activity_no_update` BEFORE UPDATE ON `operator_activity`
WHEN OLD.`outcome` <> 'running' OR NOT (
	NEW.`id` = OLD.`id` AND NEW.`started_at` = OLD.`started_at` AND NEW.`operator` = OLD.`operator` AND NEW.`action` = OLD.`action`
	AND NEW.`target` IS OLD.`target` AND NEW.`filter` IS OLD.`filter` AND NEW.`reason` IS OLD.`reason`
)
BEGIN
	SELECT RAISE(ABORT, 'operator_activity is append-only: only the end of a running action is added');
END;
--> statement-breakpoint
-- Activity leaves only through pruning: lines that are older than the oldest audit entry.
CREATE TRIGGER `operator_activity_no_delete` BEFORE DELETE ON `operator_activity`
WHEN NOT coalesce(
	OLD.`started_at` < (SELECT strftime('%Y-%m-%dT%H:%M:%fZ', `at` / 1000.0, 'unixepoch') FROM `audit_rows` ORDER BY `id` LIMIT 1), 0
)
BEGIN
	SELECT RAISE(ABORT, 'operator_activity is append-only: lines are never deleted');
END;
--> statement-breakpoint
CREATE TRIGGER `operator_activity_no_replace` BEFORE INSERT ON `operator_activity`
WHEN NEW.`id` <= (SELECT coalesce(max(`id`), 0) FROM `operator_activity`)
BEGIN
	SELECT RAISE(ABORT, 'operator_activity is append-only: a new line has the next id');
END;
