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
DROP TRIGGER `audit_events_no_update`;
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
		WHEN `event` = 'NOTIFICATION_REPLAYED' THEN 'the app is notified once more'
		WHEN `event` = 'HELD' THEN 'exempt from pruning and erasure'
		WHEN `event` = 'RELEASED' THEN 'no longer exempt from pruning and erasure'
		WHEN `event` = 'ERASED' THEN 'its content was erased'
		ELSE lower(replace(`event`, '_', ' '))
	END AS `what`,
	`http_status`, `latency_ms`, coalesce(`detail` ->> 'by', 'receiver') AS `by`, `detail`
FROM `audit_events`;
