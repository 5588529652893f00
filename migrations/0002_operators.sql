ALTER TABLE `callback_bodies` ADD `pruned_at` text;--> statement-breakpoint
CREATE INDEX `callback_bodies_kept` ON `callback_bodies` (`audit_id`) WHERE pruned_at IS NULL;--> statement-breakpoint
ALTER TABLE `executions` ADD `payload_pruned_at` text;--> statement-breakpoint
ALTER TABLE `executions` ADD `payload_sha256` text;--> statement-breakpoint
CREATE INDEX `executions_open` ON `executions` (`reference`) WHERE resolved_at IS NULL;--> statement-breakpoint
CREATE INDEX `executions_with_payload` ON `executions` (`resolved_at`) WHERE resolved_at IS NOT NULL AND payload_pruned_at IS NULL;
--> statement-breakpoint
-- From here on by hand: views that keep the recipes of operators short.
-- What apps were to be told and were not, until somebody replays it.
CREATE VIEW `dead_letters` AS
SELECT `app`, `id`, `correlation_id`, `type`, `url`, `last_error` AS `reason`, `last_http_status` AS `http_status`,
	`attempts`, `created_at`, `last_attempt_at`
FROM `notifications` WHERE `status` = 'DEAD';
--> statement-breakpoint
-- What may have run at CXone although no result is known here, and whether CXone can be asked (reconcile asks).
CREATE VIEW `doubtful` AS
SELECT `correlation_id`, `action_id`, `app`, `status`, `execution_id`, `submitted_at`, `sent_at`, `resolved_at`,
	`execution_id` IS NOT NULL AS `can_be_asked`
FROM `executions`
WHERE (`status` IN ('TIMEOUT', 'NOT_FOUND', 'CANCELLED') AND `sent_at` IS NOT NULL AND `late_result` IS NULL)
	OR `status` = 'UNCONFIRMED';
--> statement-breakpoint
-- Where callback and poll both told an outcome: by how many seconds the callback came later (or, below 0, earlier).
CREATE VIEW `callback_skew` AS
SELECT `e`.`correlation_id`, `e`.`action_id`, `e`.`app`, `e`.`resolved_by`, `c`.`at` AS `called_back_at`, `p`.`at` AS `found_at`,
	round((julianday(`c`.`at`) - julianday(`p`.`at`)) * 86400, 3) AS `skew_seconds`
FROM (
	SELECT `correlation_id`, min(`timestamp`) AS `at` FROM `audit_events` WHERE `event` = 'POLL_COMPLETED' GROUP BY `correlation_id`
) AS `p`
JOIN (
	SELECT `correlation_id`, min(`timestamp`) AS `at` FROM `audit_events`
	WHERE `event` IN ('CALLBACK_COMPLETED', 'CALLBACK_DUPLICATE', 'CALLBACK_CONFLICT', 'CALLBACK_LATE') GROUP BY `correlation_id`
) AS `c` ON `c`.`correlation_id` = `p`.`correlation_id`
JOIN `executions` AS `e` ON `e`.`correlation_id` = `p`.`correlation_id`;
--> statement-breakpoint
-- Who fills the queue: `next_at` is when the first of them is to be sent.
CREATE VIEW `queue_by_app` AS
SELECT `app`, `priority`, count(*) AS `queued`, min(`submitted_at`) AS `oldest_at`,
	round((julianday('now') - julianday(min(`submitted_at`))) * 86400, 3) AS `oldest_seconds`, min(`dispatch_at`) AS `next_at`
FROM `executions` WHERE `dispatch_at` IS NOT NULL GROUP BY `app`, `priority`;
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
--> statement-breakpoint
-- What was submitted in each hour, and what became of it.
CREATE VIEW `hourly` AS
SELECT substr(`submitted_at`, 1, 13) || ':00:00.000Z' AS `hour`, `app`, `action_id`, count(*) AS `submitted`,
	count(*) FILTER (WHERE `status` = 'COMPLETED') AS `completed`,
	count(*) FILTER (WHERE `status` = 'FAILED') AS `failed`,
	count(*) FILTER (WHERE `status` = 'REJECTED') AS `rejected`,
	count(*) FILTER (WHERE `status` = 'NOT_FOUND') AS `not_found`,
	count(*) FILTER (WHERE `status` = 'TIMEOUT') AS `timed_out`,
	count(*) FILTER (WHERE `status` = 'CANCELLED') AS `cancelled`,
	count(*) FILTER (WHERE `resolved_at` IS NULL) AS `open`,
	round(avg(`total_latency_ms`)) AS `mean_ms`
FROM `executions` GROUP BY substr(`submitted_at`, 1, 13), `app`, `action_id`;
