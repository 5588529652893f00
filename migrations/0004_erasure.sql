CREATE TABLE `audit_repeats` (
	`correlation_id` text NOT NULL,
	`event` text NOT NULL,
	`count` integer NOT NULL,
	`since` text NOT NULL,
	`until` text NOT NULL,
	`detail` text NOT NULL,
	PRIMARY KEY(`correlation_id`, `event`)
) STRICT;
--> statement-breakpoint
CREATE TABLE `imports` (
	`id` integer PRIMARY KEY NOT NULL,
	`file` text NOT NULL,
	`sha256` text NOT NULL,
	`rows` integer NOT NULL,
	`imported_at` text NOT NULL
) STRICT;
--> statement-breakpoint
ALTER TABLE `executions` ADD `held_at` text;--> statement-breakpoint
ALTER TABLE `executions` ADD `erased_at` text;--> statement-breakpoint
ALTER TABLE `executions` ADD `cookies` text;--> statement-breakpoint
CREATE INDEX `executions_held` ON `executions` (`held_at`) WHERE held_at IS NOT NULL;
--> statement-breakpoint
-- From here on by hand. The detail of an entry of an erased execution may be reduced; everything else in an entry stays.
-- A file whose trail was altered may lack the trigger.
DROP TRIGGER IF EXISTS `audit_events_no_update`;
--> statement-breakpoint
CREATE TRIGGER `audit_events_no_update` BEFORE UPDATE ON `audit_events`
WHEN NOT (
	NEW.`id` = OLD.`id` AND NEW.`timestamp` = OLD.`timestamp` AND NEW.`event` = OLD.`event` AND NEW.`action_id` = OLD.`action_id`
	AND NEW.`correlation_id` = OLD.`correlation_id` AND NEW.`execution_id` IS OLD.`execution_id`
	AND NEW.`latency_ms` IS OLD.`latency_ms` AND NEW.`http_status` IS OLD.`http_status` AND NEW.`app` = OLD.`app`
	AND NEW.`hash` = OLD.`hash` AND json_extract(NEW.`detail`, '$.erased') IS 1
	AND EXISTS (SELECT 1 FROM `executions` WHERE `correlation_id` = OLD.`correlation_id` AND `erased_at` IS NOT NULL)
)
BEGIN
	SELECT RAISE(ABORT, 'audit_events is append-only: entries are never changed');
END;
--> statement-breakpoint
DROP VIEW `execution_story`;
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
-- The computed columns of the views get declared types, and nothing in them needs a newer SQLite than STRICT tables do (3.37).
DROP VIEW `action_latency`;
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
DROP VIEW `unresolved`;
--> statement-breakpoint
CREATE VIEW `unresolved` AS
SELECT `correlation_id`, `action_id`, `app`, `status`, `execution_id`, `submitted_at`,
	CAST(round((julianday('now') - julianday(`submitted_at`)) * 86400, 3) AS REAL) AS `age_seconds`,
	CAST(CASE
		WHEN `dispatch_at` IS NOT NULL THEN 'send to CXone'
		WHEN `poll_at` >= `deadline` THEN 'poll CXone for the last time'
		WHEN `poll_at` IS NOT NULL THEN 'poll CXone'
		ELSE 'time out unless the callback comes'
	END AS TEXT) AS `next_step`,
	CAST(coalesce(`dispatch_at`, `poll_at`, `expire_at`) AS TEXT) AS `next_at`,
	`deadline`
FROM `executions` WHERE `dispatch_at` IS NOT NULL OR `poll_at` IS NOT NULL OR `expire_at` IS NOT NULL;
--> statement-breakpoint
DROP VIEW `callback_health`;
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
DROP VIEW `conservation`;
--> statement-breakpoint
CREATE VIEW `conservation` AS
SELECT CAST(`accepted` AS INTEGER) AS `accepted`, CAST(`terminal` AS INTEGER) AS `terminal`, CAST(`open` AS INTEGER) AS `open`,
	CAST(`accepted` - `terminal` - `open` AS INTEGER) AS `difference`
FROM (
	SELECT
		(SELECT count(*) FROM `audit_events` WHERE `event` = 'ACCEPTED')
			+ (SELECT `accepted` FROM `audit_checkpoint` WHERE `id` = 1) AS `accepted`,
		(SELECT count(*) FROM `executions` WHERE `status` NOT IN ('QUEUED', 'UNCONFIRMED', 'PENDING'))
			+ (SELECT `executions` FROM `audit_checkpoint` WHERE `id` = 1) AS `terminal`,
		(SELECT count(*) FROM `executions` WHERE `status` IN ('QUEUED', 'UNCONFIRMED', 'PENDING')) AS `open`
);
--> statement-breakpoint
DROP VIEW `callback_skew`;
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
DROP VIEW `queue_by_app`;
--> statement-breakpoint
CREATE VIEW `queue_by_app` AS
SELECT `app`, `priority`, CAST(count(*) AS INTEGER) AS `queued`, CAST(min(`submitted_at`) AS TEXT) AS `oldest_at`,
	CAST(round((julianday('now') - julianday(min(`submitted_at`))) * 86400, 3) AS REAL) AS `oldest_seconds`,
	CAST(min(`dispatch_at`) AS TEXT) AS `next_at`
FROM `executions` WHERE `dispatch_at` IS NOT NULL GROUP BY `app`, `priority`;
--> statement-breakpoint
DROP VIEW `hourly`;
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
DROP VIEW `doubtful`;
--> statement-breakpoint
CREATE VIEW `doubtful` AS
SELECT `correlation_id`, `action_id`, `app`, `status`, `execution_id`, `submitted_at`, `sent_at`, `resolved_at`,
	CAST(`execution_id` IS NOT NULL OR `poll_url` IS NOT NULL AS INTEGER) AS `can_be_asked`
FROM `executions`
WHERE (`status` IN ('TIMEOUT', 'NOT_FOUND', 'CANCELLED') AND `sent_at` IS NOT NULL AND `late_result` IS NULL)
	OR `status` = 'UNCONFIRMED';
