-- Guards, completed. SQLite runs a trigger of columns for the names that a statement states, and an id has three more names. REPLACE deletes
-- every row that has a unique value of the new one, without DELETE triggers on connections without recursive_triggers.
DROP TRIGGER `execution_rows_shared_stays`;
--> statement-breakpoint
-- Entries show these columns of their execution. Callback URLs and keys of apps lead to it by `reference` and `idempotency_key`.
CREATE TRIGGER `execution_rows_shared_stays` AFTER UPDATE OF
	`id`, `rowid`, `_rowid_`, `oid`, `reference`, `correlation_id`, `idempotency_key`, `app`, `action_id`, `execution_id`,
	`timeout_seconds`, `grace_seconds`, `retry_uncertain` ON `execution_rows`
WHEN NEW.`id` <> OLD.`id` OR OLD.`status` <> 0 AND NOT (
	NEW.`reference` IS OLD.`reference` AND NEW.`correlation_id` = OLD.`correlation_id`
	AND NEW.`idempotency_key` IS OLD.`idempotency_key` AND NEW.`app` = OLD.`app` AND NEW.`action_id` = OLD.`action_id`
	AND (NEW.`execution_id` IS OLD.`execution_id` OR OLD.`execution_id` IS NULL) AND NEW.`timeout_seconds` = OLD.`timeout_seconds`
	AND NEW.`grace_seconds` = OLD.`grace_seconds` AND NEW.`retry_uncertain` = OLD.`retry_uncertain`
)
BEGIN
	SELECT RAISE(ABORT, 'audit_events is append-only: what its entries show of an execution never changes');
END;
--> statement-breakpoint
DROP TRIGGER `execution_rows_no_replace`;
--> statement-breakpoint
CREATE TRIGGER `execution_rows_no_replace` BEFORE INSERT ON `execution_rows`
WHEN EXISTS (SELECT 1 FROM `execution_rows` WHERE `id` = NEW.`id`)
	OR EXISTS (SELECT 1 FROM `execution_rows` WHERE `correlation_id` = NEW.`correlation_id`)
	OR EXISTS (SELECT 1 FROM `execution_rows` WHERE `reference` = NEW.`reference`)
	OR NEW.`idempotency_key` IS NOT NULL
		AND EXISTS (SELECT 1 FROM `execution_rows` WHERE `app` = NEW.`app` AND `idempotency_key` = NEW.`idempotency_key`)
BEGIN
	SELECT RAISE(ABORT, 'audit_events is append-only: an execution with entries is never replaced');
END;
--> statement-breakpoint
CREATE TRIGGER `incident_events_no_replace` BEFORE INSERT ON `incident_events`
WHEN EXISTS (SELECT 1 FROM `incident_events` WHERE `id` = NEW.`id`)
BEGIN
	SELECT RAISE(ABORT, 'the history of incidents is append-only');
END;
