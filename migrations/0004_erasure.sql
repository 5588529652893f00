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
