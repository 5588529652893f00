-- Retention: the oldest entries go, and the executions without remaining entries. The checkpoint preserves the chain and the counts.

-- Entries behind `behind`, oldest first, down to the first one that must stay: the chain is cut at one place. Their sizes, with those
-- of payload and outcome at the acceptance, stay within `max_bytes`, except for one entry.
CREATE FUNCTION prunable_entries(behind bigint, most integer, cutoff bigint, max_bytes bigint)
RETURNS TABLE (id bigint, execution bigint, hash bytea, event smallint) LANGUAGE sql STABLE AS $$
	WITH oldest AS (
		SELECT a.id, a.execution, a.hash, a.event,
			a.at >= cutoff OR r.resolved_at IS NULL OR r.resolved_at >= cutoff OR r.held_at IS NOT NULL
				OR EXISTS (SELECT 1 FROM audit_repeats AS c WHERE c.execution = a.execution)
				OR EXISTS (SELECT 1 FROM notification_rows AS n WHERE n.reference = r.reference AND n.status = 'PENDING') AS stays,
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
-- The duration as roll-ups count it: the TypeScript function roundDuration.
CREATE FUNCTION rounded_duration(ms bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN s < 100 THEN s ELSE (s + step / 2) / step * step END
	FROM (SELECT least(ms, 2000000000) AS s) AS size
	CROSS JOIN LATERAL (SELECT greatest(1, power(10, length(s::text) - 2)::bigint) AS decade) AS d
	CROSS JOIN LATERAL (SELECT greatest(1, CASE WHEN s < 20 * decade THEN decade / 2 WHEN s < 50 * decade THEN decade ELSE 2 * decade END)
		AS step) AS t
$$;
--> statement-breakpoint
-- The hour of a UUIDv7, whose first 48 bits are milliseconds, as text.
CREATE FUNCTION hour_of(reference uuid) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT substr(iso_time(('x0000' || substr(replace(reference::text, '-', ''), 1, 12))::bit(64)::bigint), 1, 13) || ':00:00.000Z'
$$;
--> statement-breakpoint
-- Deletes these entries, and the executions without remaining entries. Returns the numbers of both.
CREATE FUNCTION prune_entries(most integer, cutoff bigint, through bigint, max_bytes bigint)
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
	SELECT count(*), count(*) FILTER (WHERE p.event = 1), max(p.id) INTO entries, accepted_entries, last_id
	FROM prunable_entries(0, most, cutoff, max_bytes) AS p WHERE p.id <= through AND p.execution = ANY (touched);
	executions := 0;
	IF last_id IS NULL THEN RETURN NEXT; RETURN; END IF;

	SELECT a.hash INTO last_hash FROM audit_rows AS a WHERE a.id = last_id;
	UPDATE audit_checkpoint AS c SET pruned_through = last_id, hash = encode(last_hash, 'hex'), accepted = c.accepted + accepted_entries;
	DELETE FROM audit_rows AS a WHERE a.id <= last_id;
	DELETE FROM callback_bodies AS b WHERE b.audit_id <= last_id;
	SELECT array_agg(r.id) INTO gone FROM execution_rows AS r
	WHERE r.id = ANY (touched) AND NOT EXISTS (SELECT 1 FROM audit_rows AS a WHERE a.execution = r.id);
	executions := coalesce(array_length(gone, 1), 0);
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
	UPDATE audit_checkpoint AS c SET executions = c.executions + prune_entries.executions;
	SELECT a.at INTO start_at FROM audit_rows AS a ORDER BY a.id LIMIT 1;
	DELETE FROM operator_activity_rows AS o WHERE o.started_at < start_at;
	-- Only the trail shows when executions were called back, so hours before its oldest entry are deleted as a whole.
	DELETE FROM rollup_rows AS u WHERE u.kind = 3 AND u.hour < coalesce(substr(iso_time(start_at), 1, 13) || ':00:00.000Z', '~');
	RETURN NEXT;
END $$;
