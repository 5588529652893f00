-- Lowest schema that may serve: 4
--
-- Guards of the trail, as on SQLite. No event sets the columns that they watch, so that events cost nothing more.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'audit_events is append-only: % of % is refused', TG_OP, TG_TABLE_NAME;
END $$;
--> statement-breakpoint
-- Entries show these columns of their execution. Callback URLs and keys of apps lead to it by `reference` and `idempotency_key`.
CREATE TRIGGER execution_rows_shared_stays
BEFORE UPDATE OF id, reference, correlation_id, idempotency_key, app, action_id ON execution_rows
FOR EACH ROW WHEN (
	(OLD.id, OLD.reference, OLD.correlation_id, OLD.idempotency_key, OLD.app, OLD.action_id)
		IS DISTINCT FROM (NEW.id, NEW.reference, NEW.correlation_id, NEW.idempotency_key, NEW.app, NEW.action_id)
) EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE FUNCTION executions_keep_their_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	-- With OFFSET 0 the entries of each execution are looked up by their index.
	IF EXISTS (SELECT 1 FROM gone WHERE EXISTS (SELECT 1 FROM audit_rows AS a WHERE a.execution = gone.id OFFSET 0)) THEN
		RAISE EXCEPTION 'audit_events is append-only: an execution with entries is never deleted';
	END IF;
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER execution_rows_no_delete AFTER DELETE ON execution_rows
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION executions_keep_their_rows();
--> statement-breakpoint
CREATE TRIGGER execution_rows_no_truncate BEFORE TRUNCATE ON execution_rows FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER audit_rows_no_truncate BEFORE TRUNCATE ON audit_rows_all FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
-- A partition has triggers of rows from its table, and no trigger of statements.
CREATE OR REPLACE FUNCTION add_audit_partition(first bigint, last bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	name text := 'audit_rows_from_' || first;
BEGIN
	EXECUTE format('CREATE TABLE %I (LIKE audit_rows_all INCLUDING ALL)', name);
	EXECUTE format('CREATE TRIGGER audit_rows_no_truncate BEFORE TRUNCATE ON %I EXECUTE FUNCTION refuse_change()', name);
	EXECUTE format('ALTER TABLE audit_rows_all ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', name, first, last + 1);
END $$;
--> statement-breakpoint
DO $$
DECLARE
	part record;
BEGIN
	FOR part IN SELECT p.name FROM audit_partitions AS p LOOP
		EXECUTE format('CREATE TRIGGER audit_rows_no_truncate BEFORE TRUNCATE ON %I EXECUTE FUNCTION refuse_change()', part.name);
	END LOOP;
END $$;
--> statement-breakpoint
-- Entries show the names.
CREATE TRIGGER audit_event_names_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event_names
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER incident_events_no_truncate BEFORE TRUNCATE ON incident_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
-- Activity leaves only through pruning: lines that are older than the oldest audit entry.
CREATE FUNCTION operator_activity_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		IF OLD.started_at < (SELECT a.at FROM audit_rows AS a ORDER BY a.id LIMIT 1) THEN RETURN OLD; END IF;
	ELSIF OLD.outcome = 'running' AND (OLD.id, OLD.started_at, OLD.operator, OLD.action, OLD.target, OLD.filter, OLD.reason)
		IS NOT DISTINCT FROM (NEW.id, NEW.started_at, NEW.operator, NEW.action, NEW.target, NEW.filter, NEW.reason)
	THEN RETURN NEW;
	END IF;
	RAISE EXCEPTION 'operator_activity is append-only: only the end of a running action is added';
END $$;
--> statement-breakpoint
CREATE TRIGGER operator_activity_append_only BEFORE UPDATE OR DELETE ON operator_activity_rows
FOR EACH ROW EXECUTE FUNCTION operator_activity_is_append_only();
--> statement-breakpoint
CREATE TRIGGER operator_activity_no_truncate BEFORE TRUNCATE ON operator_activity_rows
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
