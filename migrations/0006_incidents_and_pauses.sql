-- Incidents, with their history and the executions they count.
CREATE TABLE `incident_deliveries` (
	`event` integer PRIMARY KEY NOT NULL,
	`due_at` text,
	`give_up_at` text NOT NULL,
	`attempts` integer NOT NULL,
	`last_error` text,
	`delivered_at` text
) STRICT;
--> statement-breakpoint
CREATE INDEX `incident_deliveries_due` ON `incident_deliveries` (`due_at`) WHERE due_at IS NOT NULL;
--> statement-breakpoint
CREATE TABLE `incident_events` (
	`id` integer PRIMARY KEY NOT NULL,
	`incident` text NOT NULL,
	`at` text NOT NULL,
	`event` text NOT NULL,
	`by` text
) STRICT;
--> statement-breakpoint
CREATE INDEX `incident_events_by_incident` ON `incident_events` (`incident`);
--> statement-breakpoint
CREATE TABLE `incident_executions` (
	`incident` text NOT NULL,
	`reference` any NOT NULL,
	`is_affected` integer NOT NULL,
	PRIMARY KEY(`incident`, `reference`)
) STRICT;
--> statement-breakpoint
CREATE TABLE `incidents` (
	`id` text PRIMARY KEY NOT NULL,
	`cause` text NOT NULL,
	`subject` text NOT NULL,
	`severity` text NOT NULL,
	`problem` text NOT NULL,
	`started_at` text NOT NULL,
	`last_seen_at` text NOT NULL,
	`ended_at` text,
	`affected` integer NOT NULL,
	`total` integer,
	`actions` text NOT NULL,
	`apps` text NOT NULL,
	`acknowledged_at` text,
	`acknowledged_by` text
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `incidents_open` ON `incidents` (`cause`,`subject`) WHERE ended_at IS NULL;
--> statement-breakpoint
CREATE INDEX `incidents_by_start` ON `incidents` (`started_at`);
--> statement-breakpoint
CREATE TRIGGER `incident_events_no_update` BEFORE UPDATE ON `incident_events`
BEGIN
	SELECT RAISE(ABORT, 'the history of incidents is append-only');
END;
--> statement-breakpoint
CREATE TRIGGER `incident_events_no_delete` BEFORE DELETE ON `incident_events`
WHEN EXISTS (SELECT 1 FROM `incidents` WHERE `id` = OLD.`incident`)
BEGIN
	SELECT RAISE(ABORT, 'the history of an incident is removed with the incident');
END;
--> statement-breakpoint
-- Endpoints of apps to which an administrator lets nothing be sent.
CREATE TABLE `endpoint_pauses` (
	`app` text NOT NULL,
	`origin` text NOT NULL,
	`since` text NOT NULL,
	`operator` text NOT NULL,
	`reason` text,
	PRIMARY KEY(`app`, `origin`)
) STRICT;
--> statement-breakpoint
-- The pauses of sending that are in force, and links between an execution and its repetition.
CREATE TABLE `sending_pauses` (
	`id` integer PRIMARY KEY NOT NULL,
	`app` text,
	`action_id` text,
	`since` text NOT NULL,
	`operator` text NOT NULL,
	`reason` text
) STRICT;
--> statement-breakpoint
ALTER TABLE `execution_rows` ADD `resubmission_of` text;
--> statement-breakpoint
ALTER TABLE `execution_rows` ADD `resubmitted_as` text;
--> statement-breakpoint
DROP INDEX `execution_rows_to_dispatch`;
--> statement-breakpoint
CREATE INDEX `execution_rows_to_dispatch` ON `execution_rows` (`app`,`priority`,`dispatch_at`,`action_id`) WHERE dispatch_at IS NOT NULL;
--> statement-breakpoint
INSERT INTO `audit_event_names` (`code`, `name`) VALUES (33, 'RESUBMITTED');
--> statement-breakpoint
DROP VIEW `executions`;
--> statement-breakpoint
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
	`e`.`cookies` AS `cookies`,
	`e`.`resubmission_of` AS `resubmission_of`,
	`e`.`resubmitted_as` AS `resubmitted_as`
FROM `execution_rows` AS `e` WHERE `e`.`status` <> 0;
--> statement-breakpoint
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
FROM `execution_rows` AS `e` WHERE `dispatch_at` IS NOT NULL OR `poll_at` IS NOT NULL OR `expire_at` IS NOT NULL;
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
		WHEN `event` = 'RESUBMITTED' THEN 'submitted again as a new execution'
		ELSE lower(replace(`event`, '_', ' '))
	END AS TEXT) AS `what`,
	`http_status`, `latency_ms`, CAST(coalesce(json_extract(`detail`, '$.by'), 'receiver') AS TEXT) AS `by`, `detail`
FROM `audit_events`;
