-- Lowest schema that may serve: 4
--
-- Shorter ways through what each commit does. Receivers of the version before call the other functions, as before.
--
-- Applies a decision that ends one execution and changes nothing else of it: what `apply_batch` does with such a batch of one, in fewer
-- statements and without JSON documents, whose columns cost more to set up than one row to write. Returns what `apply_batch` returns.
CREATE FUNCTION apply_outcome(
	p_slot integer, p_epoch bigint, p_sequence bigint, p_known_head bigint,
	p_id bigint, p_version integer, p_reference uuid, p_status smallint, p_resolved_by smallint, p_resolved_at bigint, p_result text,
	p_error text, p_at bigint, p_event smallint, p_http_status smallint, p_latency_ms integer, p_execution_id text, p_columns text,
	p_detail text, p_ends boolean, p_entry_bytes bigint, p_tallies json
) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
	head_id bigint;
	head_hash text;
	entry_hash bytea;
	result json := '{"added":null,"stale":[1],"first":null,"head":null,"hash":null}';
BEGIN
	PERFORM 1 FROM receivers WHERE slot = p_slot AND epoch = p_epoch FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'another receiver has taken over slot %', p_slot USING ERRCODE = 'CX001';
	END IF;

	UPDATE execution_rows SET version = version + 1, status = p_status, resolved_by = p_resolved_by, resolved_at = p_resolved_at,
		dispatch_at = NULL, poll_at = NULL, expire_at = NULL, entries = entries + 1, entry_bytes = entry_bytes + p_entry_bytes
	WHERE id = p_id AND version = p_version;
	IF FOUND THEN
		DELETE FROM work WHERE reference = p_reference;
		IF p_result IS NOT NULL OR p_error IS NOT NULL THEN
			INSERT INTO outcome_rows (id, result, error) VALUES (p_id, p_result, p_error)
			ON CONFLICT (id) DO UPDATE SET result = excluded.result, error = excluded.error;
		END IF;
		INSERT INTO rollup_rows (kind, hour, app, action_id, a, b, c, d, e, count)
		SELECT * FROM json_to_recordset(p_tallies) AS g(kind smallint, hour text, app text, action_id text, a text, b text, c integer,
			d integer, e bigint, times bigint);

		-- From here on, batches run one after the other, in the order of their commits.
		PERFORM pg_advisory_xact_lock(hashtext('audit chain'));
		SELECT id, encode(hash, 'hex') INTO head_id, head_hash FROM audit_rows_all WHERE id >= p_known_head ORDER BY id DESC LIMIT 1;
		IF head_id IS NULL THEN
			SELECT pruned_through, hash INTO head_id, head_hash FROM audit_checkpoint;
		END IF;
		head_id := head_id + 1;
		-- The JSON array that chainHash writes. PostgreSQL escapes a text as JSON.stringify does.
		entry_hash := sha256(convert_to(
			'["' || head_hash || '",' || head_id || ',' || p_columns || ',' || to_json(p_detail) || ']', 'UTF8'));
		INSERT INTO audit_rows_all (id, execution, at, event, http_status, latency_ms, hash, execution_id, detail, ends)
		VALUES (head_id, p_id, p_at, p_event, p_http_status, p_latency_ms, entry_hash, p_execution_id, p_detail, nullif(p_ends, false));
		result := json_build_object('added', NULL, 'stale', NULL, 'first', head_id, 'head', head_id, 'hash', encode(entry_hash, 'hex'));
	END IF;
	INSERT INTO receipts (slot, epoch, sequence, result) VALUES (p_slot, p_epoch, p_sequence, result);
	RETURN result;
END $$;
--> statement-breakpoint
-- Functions, because each statement that could need such rows would set up the queries for them, which takes longer than most of it runs.
CREATE FUNCTION repeats_of(of_execution bigint) RETURNS json LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN (SELECT json_agg(a) FROM audit_repeats AS a WHERE a.execution = of_execution);
END $$;
--> statement-breakpoint
CREATE FUNCTION listed_of(of_execution bigint) RETURNS json LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN (SELECT json_agg(json_build_array(a.event, a.count)) FROM
		(SELECT event, count(*) FROM audit_rows WHERE execution = of_execution GROUP BY event) AS a);
END $$;
--> statement-breakpoint
-- `apply_batch` compared each new execution with each given one, because its sessions avoid plans with hashes. Now the id of a given one is
-- found by its place among those that were added, and is looked for only if others of the batch were not added.
DO $$
DECLARE
	definition text := pg_get_functiondef('apply_batch'::regproc);
	edited text := replace(definition, 'SELECT given.*, added.id FROM given LEFT JOIN added USING (reference)',
		'SELECT given.*, CASE WHEN places.named[given.n] = given.reference THEN places.ids[given.n]
				ELSE (SELECT added.id FROM added WHERE added.reference = given.reference) END AS id
			FROM given CROSS JOIN (SELECT array_agg(id ORDER BY id) AS ids, array_agg(reference ORDER BY id) AS named FROM added) AS places');
BEGIN
	IF edited = definition THEN RAISE EXCEPTION 'apply_batch does not find the ids of new executions as expected'; END IF;
	EXECUTE edited;
END $$;
