CREATE TABLE `database_file` (
	`id` integer PRIMARY KEY NOT NULL,
	`run` text NOT NULL,
	`device` text NOT NULL,
	`inode` text NOT NULL,
	`lock_path` text NOT NULL,
	`placed` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `id_gaps` (
	`id` integer PRIMARY KEY NOT NULL,
	`restored_at` text NOT NULL,
	`lost_from` text NOT NULL,
	`audit_after` integer NOT NULL,
	`notification_after` integer NOT NULL,
	`next_id` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `unknown_status_words` (
	`word` text PRIMARY KEY NOT NULL,
	`spelling` text NOT NULL,
	`first_at` text NOT NULL,
	`last_at` text NOT NULL,
	`reports` integer NOT NULL,
	`timeouts` integer NOT NULL
) STRICT;
--> statement-breakpoint
ALTER TABLE `executions` ADD `execution_id_problem` text;--> statement-breakpoint
ALTER TABLE `executions` ADD `poll_url` text;--> statement-breakpoint
ALTER TABLE `executions` ADD `unknown_word` text;--> statement-breakpoint
ALTER TABLE `executions` ADD `not_found_at` text;--> statement-breakpoint
ALTER TABLE `executions` ADD `found_at` text;
--> statement-breakpoint
-- Views: poll addresses, and POLL_MISMATCH.
DROP VIEW `doubtful`;
--> statement-breakpoint
-- Executions that CXone may have run although no result is recorded, and whether CXone can be polled about them (reconcile polls).
CREATE VIEW `doubtful` AS
SELECT `correlation_id`, `action_id`, `app`, `status`, `execution_id`, `submitted_at`, `sent_at`, `resolved_at`,
	`execution_id` IS NOT NULL OR `poll_url` IS NOT NULL AS `can_be_asked`
FROM `executions`
WHERE (`status` IN ('TIMEOUT', 'NOT_FOUND', 'CANCELLED') AND `sent_at` IS NOT NULL AND `late_result` IS NULL)
	OR `status` = 'UNCONFIRMED';
--> statement-breakpoint
DROP VIEW `execution_story`;
--> statement-breakpoint
-- The trail in words: `seconds` since the execution was accepted.
CREATE VIEW `execution_story` AS
SELECT `correlation_id`, `id`, `timestamp`,
	round((julianday(`timestamp`) - julianday(first_value(`timestamp`) OVER (PARTITION BY `correlation_id` ORDER BY `id`))) * 86400, 3)
		AS `seconds`,
	`event`,
	CASE
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
		WHEN `event` = 'POLL_COMPLETED' AND `detail` ->> 'outcome' = 'late' THEN 'a poll found a result too late; it is kept'
		WHEN `event` = 'POLL_COMPLETED' AND `detail` ->> 'outcome' IS NOT NULL THEN 'a poll found what was known, or something else'
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
		WHEN `event` = 'NOTIFICATION_REPLAYED' THEN 'the app is told once more'
		ELSE lower(replace(`event`, '_', ' '))
	END AS `what`,
	`http_status`, `latency_ms`, coalesce(`detail` ->> 'by', 'receiver') AS `by`, `detail`
FROM `audit_events`;
