-- Further keys of submissions that were repeated by their correlation id under another Idempotency-Key. They go with their execution.
CREATE TABLE `idempotency_keys` (
	`app` text NOT NULL,
	`idempotency_key` text NOT NULL,
	`execution` integer NOT NULL,
	PRIMARY KEY(`app`, `idempotency_key`)
) STRICT;
--> statement-breakpoint
CREATE INDEX `idempotency_keys_by_execution` ON `idempotency_keys` (`execution`);
--> statement-breakpoint
CREATE TRIGGER `execution_rows_keys_go` AFTER DELETE ON `execution_rows`
BEGIN
	DELETE FROM `idempotency_keys` WHERE `execution` = OLD.`id`;
END;
--> statement-breakpoint
-- An ended execution may be polled because of a callback: it is not open.
DROP VIEW `unresolved`;
--> statement-breakpoint
CREATE VIEW `unresolved` AS
SELECT `correlation_id`, `action_id`, `app`, CAST(CASE `status` WHEN 1 THEN 'QUEUED' WHEN 2 THEN 'UNCONFIRMED' WHEN 3 THEN 'PENDING' ELSE `status` END AS TEXT) AS `status`,
	CAST(CASE WHEN `other_execution_id` IS NULL THEN `execution_id` ELSE nullif(`other_execution_id`, 0) END AS TEXT) AS `execution_id`,
	CAST(strftime('%Y-%m-%dT%H:%M:%fZ', `submitted_at` / 1000.0, 'unixepoch') AS TEXT) AS `submitted_at`,
	CAST(round((julianday('now') - julianday(`submitted_at` / 1000.0, 'unixepoch')) * 86400, 3) AS REAL) AS `age_seconds`,
	CAST(CASE
		WHEN `dispatch_at` IS NOT NULL AND EXISTS (
			SELECT 1 FROM `sending_pauses` AS `p`
			WHERE coalesce(`p`.`app`, `e`.`app`) = `e`.`app` AND coalesce(`p`.`action_id`, `e`.`action_id`) = `e`.`action_id`
		) THEN 'send to CXone once sending is resumed'
		WHEN `dispatch_at` IS NOT NULL THEN 'send to CXone'
		WHEN `poll_at` >= `deadline` THEN 'poll CXone for the last time'
		WHEN `poll_at` IS NOT NULL THEN 'poll CXone'
		ELSE 'time out unless the callback comes'
	END AS TEXT) AS `next_step`,
	CAST(strftime('%Y-%m-%dT%H:%M:%fZ', coalesce(`dispatch_at`, `poll_at`, `expire_at`) / 1000.0, 'unixepoch') AS TEXT) AS `next_at`,
	CAST(strftime('%Y-%m-%dT%H:%M:%fZ', `deadline` / 1000.0, 'unixepoch') AS TEXT) AS `deadline`
FROM `execution_rows` AS `e`
WHERE (`dispatch_at` IS NOT NULL OR `poll_at` IS NOT NULL OR `expire_at` IS NOT NULL) AND `resolved_at` IS NULL;
--> statement-breakpoint
-- With retryUncertain, an attempt before the rejected one may have run.
DROP VIEW `doubtful`;
--> statement-breakpoint
CREATE VIEW `doubtful` AS
SELECT `correlation_id`, `action_id`, `app`, `status`, `execution_id`, `submitted_at`, `sent_at`, `resolved_at`,
	CAST(`execution_id` IS NOT NULL OR `poll_url` IS NOT NULL AS INTEGER) AS `can_be_asked`
FROM `executions`
WHERE (`status` IN ('TIMEOUT', 'NOT_FOUND', 'CANCELLED') AND `sent_at` IS NOT NULL AND `late_result` IS NULL)
	OR (`status` = 'REJECTED' AND `attempts` > 1 AND `retry_uncertain` = 1 AND `late_result` IS NULL)
	OR `status` = 'UNCONFIRMED';
