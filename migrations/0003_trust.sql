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
