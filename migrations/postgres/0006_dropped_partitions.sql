-- Lowest schema that may serve: 4
--
-- Retention drops partitions of the audit trail, instead of deleting entries one by one. Pruned entries are hidden at once: `audit_rows`
-- is now the view without them, so that everything that reads the trail, receivers of the version before too, sees what it saw when they
-- were deleted. Their rows go with their partition.
--
-- Batches lock the executions before the trail, and so does this migration.
LOCK TABLE execution_rows IN SHARE ROW EXCLUSIVE MODE;
--> statement-breakpoint
ALTER TABLE audit_rows RENAME TO audit_rows_all;
--> statement-breakpoint
CREATE VIEW audit_rows AS SELECT * FROM audit_rows_all WHERE id > (SELECT pruned_through FROM audit_checkpoint);
--> statement-breakpoint
-- What refers to the table by its identity follows the name. A batch reads its head from the table: the newest entry is the head whether
-- it is hidden or not, and the row of the checkpoint has many versions while another session holds an old snapshot.
DO $$
DECLARE
	name text;
	definition text := pg_get_functiondef('apply_batch'::regproc);
	edited text := replace(definition, 'FROM audit_rows WHERE id >= p_known_head', 'FROM audit_rows_all WHERE id >= p_known_head');
BEGIN
	FOREACH name IN ARRAY ARRAY['audit_events', 'conservation', 'callback_skew'] LOOP
		EXECUTE format('CREATE OR REPLACE VIEW %I AS %s', name,
			replace(pg_get_viewdef(name::regclass), 'audit_rows_all', 'audit_rows'));
	END LOOP;
	IF edited = definition THEN RAISE EXCEPTION 'apply_batch does not read its head as expected'; END IF;
	EXECUTE edited;
END $$;
--> statement-breakpoint
-- The partitions with the ids that they are for.
CREATE VIEW audit_partitions AS
SELECT c.relname AS name, bounds[1]::bigint AS first, bounds[2]::bigint - 1 AS last
FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
	CROSS JOIN LATERAL regexp_match(pg_get_expr(c.relpartbound, c.oid), '(\d+)\D+(\d+)') AS bounds
WHERE i.inhparent = 'audit_rows_all'::regclass;
--> statement-breakpoint
-- Adds a partition. The lock on the table is short, because the new partition is attached, not created in place.
CREATE FUNCTION add_audit_partition(first bigint, last bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	name text := 'audit_rows_from_' || first;
BEGIN
	EXECUTE format('CREATE TABLE %I (LIKE audit_rows_all INCLUDING ALL)', name);
	EXECUTE format('ALTER TABLE audit_rows_all ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', name, first, last + 1);
END $$;
--> statement-breakpoint
-- Adds the next partition once half of the newest one is used. It is for as many entries as a week brings at the rate of the newest one:
-- few partitions, since each one costs time in each query, and small ones, since the last entry of one decides when it is dropped.
-- Returns the id of the entry after which it is to be called again.
CREATE FUNCTION extend_audit_rows(newest bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	week CONSTANT bigint := 7 * 86400000;
	part record;
	half bigint;
	milliseconds bigint;
	size bigint;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtext('audit partitions'));
	LOOP
		SELECT p.first, p.last, p.last - p.first + 1 AS size INTO part FROM audit_partitions AS p ORDER BY p.first DESC LIMIT 1;
		half := part.first + part.size / 2;
		IF newest < half THEN RETURN half; END IF;
		SELECT (SELECT a.at FROM audit_rows_all AS a WHERE a.id >= part.first ORDER BY a.id DESC LIMIT 1)
			- (SELECT a.at FROM audit_rows_all AS a WHERE a.id >= part.first ORDER BY a.id LIMIT 1) INTO milliseconds;
		IF milliseconds IS NULL THEN
			-- A trail that was moved here begins later.
			size := newest - part.last;
		ELSE
			-- A partition that a burst has sized would last too long.
			size := least(4 * part.size, (least(newest, part.last) - part.first + 1)::numeric * week / greatest(1, milliseconds));
		END IF;
		PERFORM add_audit_partition(part.last + 1, part.last + greatest(100000, size));
	END LOOP;
END $$;
--> statement-breakpoint
-- Receivers of the versions before call it. They expect partitions of a million ids, and call it for each of them once.
CREATE OR REPLACE FUNCTION create_audit_partition(of_id bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	wanted bigint := ((of_id - 1) / 1000000 + 1) * 1000000;
	present bigint;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtext('audit partitions'));
	SELECT max(p.last) INTO present FROM audit_partitions AS p;
	IF present < wanted THEN PERFORM add_audit_partition(present + 1, wanted); END IF;
END $$;
--> statement-breakpoint
-- Drops the oldest partition if all of its entries are pruned, and the newest one never. Who writes waits behind it: it gives up soon, when
-- a backup or another reader uses the table. Without such a partition, it deletes up to `most` entries that have waited for two weeks for the
-- others of theirs: few come, or none. Returns how many partitions can still be dropped, or 1 if more entries may wait; 0 when it has given up.
CREATE FUNCTION reclaim_entries(most integer, cutoff bigint) RETURNS integer LANGUAGE plpgsql SET lock_timeout = '50ms' AS $$
DECLARE
	patience CONSTANT bigint := 14 * 86400000;
	names text[];
	deleted integer;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtext('audit partitions'));
	SELECT array_agg(p.name ORDER BY p.first) INTO names FROM audit_partitions AS p
	WHERE p.last <= (SELECT c.pruned_through FROM audit_checkpoint AS c)
		AND p.last < (SELECT max(newest.last) FROM audit_partitions AS newest);
	IF names IS NOT NULL THEN
		EXECUTE format('DROP TABLE %I', names[1]);
		RETURN array_length(names, 1) - 1;
	END IF;
	DELETE FROM audit_rows_all AS a WHERE a.at < cutoff - patience AND a.id = ANY (ARRAY(
		SELECT h.id FROM audit_rows_all AS h WHERE h.id <= (SELECT c.pruned_through FROM audit_checkpoint AS c) ORDER BY h.id LIMIT most));
	GET DIAGNOSTICS deleted = ROW_COUNT;
	RETURN (deleted = most)::integer;
EXCEPTION WHEN lock_not_available THEN
	RETURN 0;
END $$;
--> statement-breakpoint
-- As before, but with OFFSET 0 the notifications and repeats of each execution are looked up by their index. Without it, those of all
-- executions are found once, which reads the whole tables for each batch.
CREATE OR REPLACE FUNCTION prunable_entries(behind bigint, most integer, cutoff bigint, max_bytes bigint)
RETURNS TABLE (id bigint, execution bigint, hash bytea, event smallint) LANGUAGE sql STABLE AS $$
	WITH oldest AS (
		SELECT a.id, a.execution, a.hash, a.event,
			a.at >= cutoff OR r.resolved_at IS NULL OR r.resolved_at >= cutoff OR r.held_at IS NOT NULL
				OR EXISTS (SELECT 1 FROM audit_repeats AS c WHERE c.execution = a.execution OFFSET 0)
				OR EXISTS (SELECT 1 FROM notification_rows AS n WHERE n.reference = r.reference AND n.status = 'PENDING' OFFSET 0) AS stays,
			octet_length(a.detail) + coalesce((SELECT octet_length(b.body) FROM callback_bodies AS b WHERE b.audit_id = a.id), 0)
				+ CASE WHEN a.event = 1 THEN coalesce((SELECT octet_length(p.inputs) + octet_length(p.context)
					FROM payload_rows AS p WHERE p.id = a.execution), 0)
				+ coalesce((SELECT coalesce(octet_length(o.result), 0) + coalesce(octet_length(o.error), 0)
					+ coalesce(octet_length(o.late_result), 0) FROM outcome_rows AS o WHERE o.id = a.execution), 0) ELSE 0 END AS bytes
		FROM audit_rows AS a JOIN execution_rows AS r ON r.id = a.execution
		WHERE a.id > behind ORDER BY a.id LIMIT most
	), summed AS (
		SELECT oldest.*, row_number() OVER (ORDER BY oldest.id) AS place, sum(bytes) OVER (ORDER BY oldest.id) AS total FROM oldest
	)
	SELECT summed.id, summed.execution, summed.hash, summed.event FROM summed
	WHERE (summed.total <= max_bytes OR summed.place = 1)
		AND summed.id < coalesce((SELECT min(s.id) FROM summed AS s WHERE s.stays), 9223372036854775807)
	ORDER BY summed.id
$$;
--> statement-breakpoint
-- Hides these entries, and deletes the executions without remaining entries. Returns the numbers of both.
CREATE OR REPLACE FUNCTION prune_entries(most integer, cutoff bigint, through bigint, max_bytes bigint)
RETURNS TABLE (entries integer, executions integer) LANGUAGE plpgsql AS $$
DECLARE
	touched bigint[];
	gone bigint[];
	last_id bigint;
	last_hash bytea;
	accepted_entries integer;
	start_at bigint;
BEGIN
	SELECT array_agg(DISTINCT p.execution) INTO touched FROM prunable_entries(0, most, cutoff, max_bytes) AS p WHERE p.id <= through;
	-- Rows before the chain, as apply_batch locks them. Under the lock of the chain no entry is added, and nothing is replayed or held.
	PERFORM 1 FROM execution_rows AS r WHERE r.id = ANY (touched) ORDER BY r.id FOR UPDATE;
	PERFORM pg_advisory_xact_lock(hashtext('audit chain'));
	-- Executions may have become prunable since. Before the first entry of one that is not locked, the chain is cut.
	SELECT count(*), count(*) FILTER (WHERE p.event = 1), max(p.id) INTO entries, accepted_entries, last_id
	FROM (
		SELECT q.id, q.event, bool_and(q.execution = ANY (touched)) OVER (ORDER BY q.id) AS is_locked
		FROM prunable_entries(0, most, cutoff, max_bytes) AS q WHERE q.id <= through
	) AS p WHERE p.is_locked;
	executions := 0;
	IF last_id IS NULL THEN RETURN NEXT; RETURN; END IF;

	SELECT array_agg(r.id) INTO gone FROM execution_rows AS r
	WHERE r.id = ANY (touched) AND NOT EXISTS (SELECT 1 FROM audit_rows AS a WHERE a.execution = r.id AND a.id > last_id);
	executions := coalesce(array_length(gone, 1), 0);
	SELECT a.hash INTO last_hash FROM audit_rows AS a WHERE a.id = last_id;
	UPDATE audit_checkpoint AS c SET pruned_through = last_id, hash = encode(last_hash, 'hex'),
		accepted = c.accepted + accepted_entries, executions = c.executions + prune_entries.executions;
	DELETE FROM callback_bodies AS b WHERE b.audit_id <= last_id;
	INSERT INTO rollup_rows (kind, hour, app, action_id, a, b, c, d, e, count)
	SELECT k.kind, hour_of(r.reference), r.app, r.action_id, k.a, k.b, k.c, k.d, k.e, -count(*)
	FROM execution_rows AS r LEFT JOIN outcome_rows AS o ON o.id = r.id CROSS JOIN LATERAL (
		VALUES (1, 'accepted', '', 0, 0, 0::bigint, true), (1, 'unsent', '', 0, 0, 0, r.sent_at IS NULL),
			(2, status_name(r.status), coalesce(resolver_name(r.resolved_by), ''), (r.sent_at IS NOT NULL)::integer,
				(o.late_result IS NOT NULL)::integer,
				CASE WHEN r.resolved_by IN (1, 2, 3) THEN rounded_duration(greatest(0, r.resolved_at - r.submitted_at)) ELSE 0 END, true)
	) AS k(kind, a, b, c, d, e, is_counted)
	WHERE r.id = ANY (gone) AND k.is_counted
	GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9;
	WITH notified AS (
		DELETE FROM notification_rows AS n USING execution_rows AS r WHERE r.id = ANY (gone) AND n.reference = r.reference RETURNING n.id
	)
	DELETE FROM notification_dead AS d USING notified WHERE d.id = notified.id;
	DELETE FROM payload_rows AS p WHERE p.id = ANY (gone);
	DELETE FROM payload_hashes AS p WHERE p.id = ANY (gone);
	DELETE FROM outcome_rows AS o WHERE o.id = ANY (gone);
	DELETE FROM execution_ids AS i WHERE i.execution = ANY (gone);
	DELETE FROM execution_rows AS r WHERE r.id = ANY (gone);
	SELECT a.at INTO start_at FROM audit_rows AS a ORDER BY a.id LIMIT 1;
	DELETE FROM operator_activity_rows AS o WHERE o.started_at < start_at;
	-- Only the trail shows when executions were called back, so hours before its oldest entry are deleted as a whole.
	DELETE FROM rollup_rows AS u WHERE u.kind = 3 AND u.hour < coalesce(substr(iso_time(start_at), 1, 13) || ':00:00.000Z', '~');
	RETURN NEXT;
END $$;
--> statement-breakpoint
-- An erasure removes content from hidden entries, too: nothing needs them.
CREATE FUNCTION delete_hidden_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM audit_rows_all WHERE execution = NEW.id AND id <= (SELECT pruned_through FROM audit_checkpoint);
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER execution_rows_erased AFTER UPDATE OF erased_at ON execution_rows
FOR EACH ROW WHEN (OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL) EXECUTE FUNCTION delete_hidden_entries();
--> statement-breakpoint
-- A notification is leased and delivered in short succession: two more versions of its row, for which its page needs room.
ALTER TABLE notification_rows SET (fillfactor = 50);
--> statement-breakpoint
-- A payload is pruned by an update, which leaves a shorter row.
ALTER TABLE outcome_rows SET (fillfactor = 80);
--> statement-breakpoint
-- On a new database, the first partition is as small as later ones may be.
DO $$
BEGIN
	IF EXISTS (SELECT 1 FROM receivers) OR EXISTS (SELECT 1 FROM audit_rows_all) THEN RETURN; END IF;
	DROP TABLE audit_rows_1;
	PERFORM add_audit_partition(1, 100000);
END $$;
