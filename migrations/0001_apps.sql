CREATE TABLE `notifications` (
	`sequence` integer PRIMARY KEY NOT NULL,
	`id` text NOT NULL,
	`reference` text NOT NULL,
	`correlation_id` text NOT NULL,
	`app` text NOT NULL,
	`type` text NOT NULL,
	`url` text NOT NULL,
	`origin` text NOT NULL,
	`status` text NOT NULL,
	`created_at` text NOT NULL,
	`due_at` text,
	`give_up_at` text NOT NULL,
	`attempts` integer NOT NULL,
	`last_attempt_at` text,
	`last_http_status` integer,
	`last_error` text,
	`delivered_at` text
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `notifications_id_unique` ON `notifications` (`id`);--> statement-breakpoint
CREATE INDEX `notifications_by_app` ON `notifications` (`app`,`sequence`);--> statement-breakpoint
CREATE INDEX `notifications_dead` ON `notifications` (`app`,`sequence`) WHERE status = 'DEAD';--> statement-breakpoint
CREATE INDEX `notifications_to_send` ON `notifications` (`app`,`origin`,`due_at`) WHERE due_at IS NOT NULL;--> statement-breakpoint
DROP INDEX `executions_to_dispatch`;--> statement-breakpoint
DROP INDEX `executions_to_poll`;--> statement-breakpoint
ALTER TABLE `executions` ADD `priority` integer DEFAULT 4 NOT NULL;--> statement-breakpoint
ALTER TABLE `executions` ADD `idempotency_key` text;--> statement-breakpoint
ALTER TABLE `executions` ADD `traceparent` text;--> statement-breakpoint
ALTER TABLE `executions` ADD `tracestate` text;--> statement-breakpoint
CREATE UNIQUE INDEX `executions_by_idempotency_key` ON `executions` (`app`,`idempotency_key`) WHERE idempotency_key IS NOT NULL;--> statement-breakpoint
CREATE INDEX `executions_to_dispatch` ON `executions` (`app`,`priority`,`dispatch_at`) WHERE dispatch_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `executions_to_poll` ON `executions` (`app`,`poll_at`) WHERE poll_at IS NOT NULL;