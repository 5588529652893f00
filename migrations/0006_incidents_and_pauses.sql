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
