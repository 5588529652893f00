-- Guards of the executions, as before but cheaper: each event runs them. A list of more than two values is a temporary table, which was
-- filled for each event. Before an update, all columns are computed twice.
DROP TRIGGER `execution_rows_terminal_stays`;
--> statement-breakpoint
-- The statuses 4 to 9 are terminal.
CREATE TRIGGER `execution_rows_terminal_stays` AFTER UPDATE OF `status` ON `execution_rows`
WHEN OLD.`status` BETWEEN 4 AND 9 AND NEW.`status` <> OLD.`status`
BEGIN
	SELECT RAISE(ABORT, 'a terminal status never changes');
END;
--> statement-breakpoint
DROP TRIGGER `execution_rows_shared_stays`;
--> statement-breakpoint
-- Entries show these columns of their execution.
CREATE TRIGGER `execution_rows_shared_stays` AFTER UPDATE OF
	`id`, `correlation_id`, `app`, `action_id`, `execution_id`, `timeout_seconds`, `grace_seconds`, `retry_uncertain` ON `execution_rows`
WHEN OLD.`status` <> 0 AND NOT (
	NEW.`id` = OLD.`id` AND NEW.`correlation_id` = OLD.`correlation_id` AND NEW.`app` = OLD.`app` AND NEW.`action_id` = OLD.`action_id`
	AND (NEW.`execution_id` IS OLD.`execution_id` OR OLD.`execution_id` IS NULL) AND NEW.`timeout_seconds` = OLD.`timeout_seconds`
	AND NEW.`grace_seconds` = OLD.`grace_seconds` AND NEW.`retry_uncertain` = OLD.`retry_uncertain`
)
BEGIN
	SELECT RAISE(ABORT, 'audit_events is append-only: what its entries show of an execution never changes');
END;
