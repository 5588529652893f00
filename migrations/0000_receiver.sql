CREATE TABLE `audit_checkpoint` (
	`id` integer PRIMARY KEY NOT NULL,
	`pruned_through` integer NOT NULL,
	`hash` text NOT NULL,
	`accepted` integer NOT NULL,
	`executions` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `audit_events` (
	`id` integer PRIMARY KEY NOT NULL,
	`timestamp` text NOT NULL,
	`event` text NOT NULL,
	`action_id` text NOT NULL,
	`correlation_id` text NOT NULL,
	`execution_id` text,
	`latency_ms` integer,
	`http_status` integer,
	`app` text NOT NULL,
	`detail` text NOT NULL,
	`hash` text NOT NULL
) STRICT;
--> statement-breakpoint
CREATE INDEX `audit_events_by_execution` ON `audit_events` (`correlation_id`);--> statement-breakpoint
CREATE TABLE `callback_bodies` (
	`audit_id` integer PRIMARY KEY NOT NULL,
	`content_type` text,
	`body` blob NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `executions` (
	`correlation_id` text PRIMARY KEY NOT NULL,
	`reference` text NOT NULL,
	`app` text NOT NULL,
	`action_id` text NOT NULL,
	`execution_id` text,
	`hearsay` integer NOT NULL,
	`status` text NOT NULL,
	`resolved_by` text,
	`inputs` text NOT NULL,
	`context` text NOT NULL,
	`result` text,
	`error` text,
	`late_result` text,
	`submitted_at` text NOT NULL,
	`sent_at` text,
	`resolved_at` text,
	`poll_after` text,
	`deadline` text,
	`latency_ms` integer,
	`total_latency_ms` integer,
	`poll_count` integer NOT NULL,
	`attempts` integer NOT NULL,
	`timeout_seconds` integer NOT NULL,
	`grace_seconds` integer NOT NULL,
	`retry_uncertain` integer NOT NULL,
	`notify_url` text,
	`fingerprint` text NOT NULL,
	`dispatch_at` text,
	`poll_at` text,
	`expire_at` text
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `executions_reference_unique` ON `executions` (`reference`);--> statement-breakpoint
CREATE INDEX `executions_by_app` ON `executions` (`app`,`reference`);--> statement-breakpoint
CREATE INDEX `executions_to_dispatch` ON `executions` (`dispatch_at`) WHERE dispatch_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `executions_to_poll` ON `executions` (`poll_at`) WHERE poll_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `executions_to_expire` ON `executions` (`expire_at`) WHERE expire_at IS NOT NULL;--> statement-breakpoint
CREATE TABLE `heartbeat` (
	`id` integer PRIMARY KEY NOT NULL,
	`at` text NOT NULL
) STRICT;
--> statement-breakpoint
-- From here on by hand: what drizzle-kit cannot generate.
PRAGMA application_id = 1129861699;
--> statement-breakpoint
INSERT INTO `heartbeat` (`id`, `at`) VALUES (1, '1970-01-01T00:00:00.000Z');
--> statement-breakpoint
INSERT INTO `audit_checkpoint` (`id`, `pruned_through`, `hash`, `accepted`, `executions`)
	VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000', 0, 0);
--> statement-breakpoint
CREATE TRIGGER `audit_events_no_update` BEFORE UPDATE ON `audit_events`
BEGIN
	SELECT RAISE(ABORT, 'audit_events is append-only: entries are never changed');
END;
--> statement-breakpoint
-- Entries leave only through pruning, which first records in audit_checkpoint how far it went.
CREATE TRIGGER `audit_events_no_delete` BEFORE DELETE ON `audit_events`
WHEN OLD.`id` > (SELECT `pruned_through` FROM `audit_checkpoint` WHERE `id` = 1)
BEGIN
	SELECT RAISE(ABORT, 'audit_events is append-only: entries are never deleted');
END;
--> statement-breakpoint
-- INSERT OR REPLACE gets past the DELETE trigger on connections without recursive_triggers; it does not get past this one.
CREATE TRIGGER `audit_events_no_replace` BEFORE INSERT ON `audit_events`
WHEN NEW.`id` <= (SELECT coalesce(max(`id`), 0) FROM `audit_events`)
BEGIN
	SELECT RAISE(ABORT, 'audit_events is append-only: a new entry has the next id');
END;
--> statement-breakpoint
CREATE TRIGGER `executions_terminal_stays` BEFORE UPDATE OF `status` ON `executions`
WHEN OLD.`status` IN ('COMPLETED', 'FAILED', 'REJECTED', 'NOT_FOUND', 'TIMEOUT', 'CANCELLED') AND NEW.`status` <> OLD.`status`
BEGIN
	SELECT RAISE(ABORT, 'a terminal status never changes');
END;
--> statement-breakpoint
-- Milliseconds from submission to outcome, per action and by what resolved it; percentiles by nearest rank.
CREATE VIEW `action_latency` AS
WITH `ranked` AS (
	SELECT `action_id`, `resolved_by`, `total_latency_ms`,
		row_number() OVER (PARTITION BY `action_id`, `resolved_by` ORDER BY `total_latency_ms`) AS `rank`,
		count(*) OVER (PARTITION BY `action_id`, `resolved_by`) AS `size`
	FROM `executions` WHERE `resolved_by` IS NOT NULL
)
SELECT `action_id`, `resolved_by`, `size` AS `count`,
	max(CASE WHEN `rank` = (`size` * 50 + 99) / 100 THEN `total_latency_ms` END) AS `p50`,
	max(CASE WHEN `rank` = (`size` * 95 + 99) / 100 THEN `total_latency_ms` END) AS `p95`,
	max(CASE WHEN `rank` = (`size` * 99 + 99) / 100 THEN `total_latency_ms` END) AS `p99`
FROM `ranked` GROUP BY `action_id`, `resolved_by`, `size`;
--> statement-breakpoint
-- What is open, for how long, and what happens to it next.
CREATE VIEW `unresolved` AS
SELECT `correlation_id`, `action_id`, `app`, `status`, `execution_id`, `submitted_at`,
	round((julianday('now') - julianday(`submitted_at`)) * 86400, 3) AS `age_seconds`,
	CASE
		WHEN `dispatch_at` IS NOT NULL THEN 'send to CXone'
		WHEN `poll_at` >= `deadline` THEN 'poll CXone for the last time'
		WHEN `poll_at` IS NOT NULL THEN 'poll CXone'
		ELSE 'time out unless the callback comes'
	END AS `next_step`,
	coalesce(`dispatch_at`, `poll_at`, `expire_at`) AS `next_at`,
	`deadline`
FROM `executions` WHERE `dispatch_at` IS NOT NULL OR `poll_at` IS NOT NULL OR `expire_at` IS NOT NULL;
--> statement-breakpoint
-- Which way outcomes came, per action and hour of the outcome; `late` counts results that came after an ending without one.
CREATE VIEW `callback_health` AS
SELECT `action_id`, substr(`resolved_at`, 1, 13) || ':00:00.000Z' AS `hour`,
	count(*) FILTER (WHERE `resolved_by` = 'callback') AS `by_callback`,
	count(*) FILTER (WHERE `resolved_by` = 'poll') AS `by_poll`,
	count(*) FILTER (WHERE `status` = 'TIMEOUT' AND `sent_at` IS NOT NULL) AS `timed_out`,
	count(*) FILTER (WHERE `late_result` IS NOT NULL) AS `late`,
	round(1.0 * count(*) FILTER (WHERE `resolved_by` = 'poll' OR (`status` = 'TIMEOUT' AND `sent_at` IS NOT NULL))
		/ nullif(count(*) FILTER (WHERE `resolved_by` IN ('callback', 'poll') OR (`status` = 'TIMEOUT' AND `sent_at` IS NOT NULL)), 0), 4)
		AS `missed_callback_share`
FROM `executions` WHERE `resolved_at` IS NOT NULL
GROUP BY `action_id`, substr(`resolved_at`, 1, 13);
--> statement-breakpoint
-- Nothing is lost: what was accepted is terminal or open. The difference must be 0.
CREATE VIEW `conservation` AS
SELECT `accepted`, `terminal`, `open`, `accepted` - `terminal` - `open` AS `difference` FROM (
	SELECT
		(SELECT count(*) FROM `audit_events` WHERE `event` = 'ACCEPTED')
			+ (SELECT `accepted` FROM `audit_checkpoint` WHERE `id` = 1) AS `accepted`,
		(SELECT count(*) FROM `executions` WHERE `status` NOT IN ('QUEUED', 'UNCONFIRMED', 'PENDING'))
			+ (SELECT `executions` FROM `audit_checkpoint` WHERE `id` = 1) AS `terminal`,
		(SELECT count(*) FROM `executions` WHERE `status` IN ('QUEUED', 'UNCONFIRMED', 'PENDING')) AS `open`
);
