-- Lowest schema that may serve: 4
--
-- Applies decisions each of which ends one execution and changes nothing else of it, as most callbacks do: what `apply_batch` does with
-- them, from arrays instead of JSON documents, which take a third of its time to read. Each has one entry, in the order of the arrays.
-- The last arrays are the changes of the roll-ups, with the numbers of the decisions that they belong to. Returns what `apply_batch`
-- returns. Receivers of the version before call the other functions, as before.
CREATE FUNCTION apply_outcomes(
	p_slot integer, p_epoch bigint, p_sequence bigint, p_known_head bigint,
	p_ids bigint[], p_versions integer[], p_references uuid[], p_statuses smallint[], p_resolvers smallint[], p_resolved_at bigint[],
	p_results text[], p_errors text[], p_at bigint[], p_events smallint[], p_http_statuses smallint[], p_latencies integer[],
	p_execution_ids text[], p_columns text[], p_details text[], p_ends boolean[], p_entry_bytes bigint[],
	p_numbers integer[], p_kinds smallint[], p_hours text[], p_apps text[], p_action_ids text[], p_a text[], p_b text[], p_c integer[],
	p_d integer[], p_e bigint[], p_times integer[]
) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
	current bigint[];
	parts bigint[] := p_ids;
	head_id bigint;
	head_hash text;
	entry record;
	entry_ids bigint[] := '{}';
	entry_hashes bytea[] := '{}';
	result json;
BEGIN
	PERFORM 1 FROM receivers WHERE slot = p_slot AND epoch = p_epoch FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'another receiver has taken over slot %', p_slot USING ERRCODE = 'CX001';
	END IF;

	-- Rows are locked in the order of their ids, as by all batches, so that two of them never wait for each other.
	WITH changed AS (
		UPDATE execution_rows AS r SET version = r.version + 1, status = g.status, resolved_by = g.resolver, resolved_at = g.resolved_at,
			dispatch_at = NULL, poll_at = NULL, expire_at = NULL, entries = r.entries + 1, entry_bytes = r.entry_bytes + g.entry_bytes
		FROM (
			SELECT * FROM unnest(p_ids, p_versions, p_statuses, p_resolvers, p_resolved_at, p_entry_bytes) WITH ORDINALITY
				AS g(id, version, status, resolver, resolved_at, entry_bytes, n) ORDER BY g.id
		) AS g
		WHERE r.id = g.id AND r.version = g.version RETURNING g.n
	) SELECT array_agg(n) INTO current FROM changed;
	IF current IS NULL OR array_length(current, 1) < array_length(p_ids, 1) THEN
		parts := ARRAY(SELECT CASE WHEN n = ANY (current) THEN id END FROM unnest(p_ids) WITH ORDINALITY AS g(id, n) ORDER BY n);
	END IF;

	DELETE FROM work WHERE reference = ANY (ARRAY(
		SELECT g.reference FROM unnest(parts, p_references) AS g(id, reference) WHERE g.id IS NOT NULL));
	INSERT INTO outcome_rows (id, result, error)
	SELECT g.id, g.result, g.error FROM unnest(parts, p_results, p_errors) AS g(id, result, error)
	WHERE g.id IS NOT NULL AND (g.result IS NOT NULL OR g.error IS NOT NULL)
	ON CONFLICT (id) DO UPDATE SET result = excluded.result, error = excluded.error;
	INSERT INTO rollup_rows (kind, hour, app, action_id, a, b, c, d, e, count)
	SELECT g.kind, g.hour, g.app, g.action_id, g.a, g.b, g.c, g.d, g.e, sum(g.times)
	FROM unnest(p_numbers, p_kinds, p_hours, p_apps, p_action_ids, p_a, p_b, p_c, p_d, p_e, p_times)
		AS g(n, kind, hour, app, action_id, a, b, c, d, e, times)
	WHERE parts[g.n] IS NOT NULL GROUP BY g.kind, g.hour, g.app, g.action_id, g.a, g.b, g.c, g.d, g.e;

	IF current IS NOT NULL THEN
		-- From here on, batches run one after the other, in the order of their commits.
		PERFORM pg_advisory_xact_lock(hashtext('audit chain'));
		SELECT id, encode(hash, 'hex') INTO head_id, head_hash FROM audit_rows_all WHERE id >= p_known_head ORDER BY id DESC LIMIT 1;
		IF head_id IS NULL THEN
			SELECT pruned_through, hash INTO head_id, head_hash FROM audit_checkpoint;
		END IF;
		FOR entry IN SELECT * FROM unnest(parts, p_columns, p_details) AS g(id, columns, detail) LOOP
			IF entry.id IS NULL THEN
				entry_ids := entry_ids || NULL::bigint;
				entry_hashes := entry_hashes || NULL::bytea;
				CONTINUE;
			END IF;
			head_id := head_id + 1;
			entry_ids := entry_ids || head_id;
			-- The JSON array that chainHash writes. PostgreSQL escapes a text as JSON.stringify does.
			entry_hashes := entry_hashes || sha256(convert_to(
				'["' || head_hash || '",' || head_id || ',' || entry.columns || ',' || to_json(entry.detail) || ']', 'UTF8'));
			head_hash := encode(entry_hashes[array_length(entry_hashes, 1)], 'hex');
		END LOOP;
		INSERT INTO audit_rows_all (id, execution, at, event, http_status, latency_ms, hash, execution_id, detail, ends)
		SELECT g.id, g.execution, g.at, g.event, g.http_status, g.latency_ms, g.hash, g.execution_id, g.detail, nullif(g.ends, false)
		FROM unnest(entry_ids, parts, p_at, p_events, p_http_statuses, p_latencies, entry_hashes, p_execution_ids, p_details, p_ends)
			AS g(id, execution, at, event, http_status, latency_ms, hash, execution_id, detail, ends)
		WHERE g.id IS NOT NULL;
	END IF;

	result := json_build_object('added', NULL,
		'stale', (SELECT json_agg(n) FROM unnest(parts) WITH ORDINALITY AS p(id, n) WHERE id IS NULL),
		'first', (SELECT min(id) FROM unnest(entry_ids) AS id), 'head', head_id, 'hash', head_hash);
	INSERT INTO receipts (slot, epoch, sequence, result) VALUES (p_slot, p_epoch, p_sequence, result);
	RETURN result;
END $$;
