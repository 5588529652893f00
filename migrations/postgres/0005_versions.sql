-- Lowest schema that may serve: 4
--
-- Receivers of neighbouring versions on one database. From this migration on, each one states in its first line the lowest schema with
-- which a receiver may serve after it. The schema of a receiver is the number of the newest migration that it knows.
--
-- Earlier receivers refuse to start on a migration in `schema_migrations` that they do not know. From this one on, only those that such
-- receivers must not meet are there, too.
CREATE TABLE schema_changes (
	number integer PRIMARY KEY,
	name text NOT NULL,
	sha256 text NOT NULL,
	-- A receiver with a lower schema does not serve.
	lowest integer NOT NULL,
	applied_at timestamptz NOT NULL DEFAULT now()
);
--> statement-breakpoint
-- The schema of each receiver. Receivers before this migration do not write it: they have schema 4.
ALTER TABLE receivers ADD COLUMN schema integer NOT NULL DEFAULT 4;
--> statement-breakpoint
-- The term whose leader ended its requests to CXone before it gave up the lock.
ALTER TABLE leadership ADD COLUMN handed_over_term bigint;
