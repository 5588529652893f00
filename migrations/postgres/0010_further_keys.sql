-- Lowest schema that may serve: 4
--
-- Further keys of submissions that were repeated by their correlation id under another Idempotency-Key. Receivers of the version before
-- neither write nor look for them.
CREATE TABLE idempotency_keys (
	app text COLLATE "C" NOT NULL,
	idempotency_key text COLLATE "C" NOT NULL,
	execution bigint NOT NULL,
	PRIMARY KEY (app, idempotency_key)
);
--> statement-breakpoint
CREATE INDEX idempotency_keys_by_execution ON idempotency_keys (execution);
--> statement-breakpoint
-- Keys go with their execution, whichever version prunes it.
CREATE FUNCTION keys_go_with_executions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM idempotency_keys WHERE execution = ANY (ARRAY(SELECT id FROM gone));
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER execution_rows_keys_go AFTER DELETE ON execution_rows
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION keys_go_with_executions();
--> statement-breakpoint
-- Stores the further keys of a batch after `apply_batch`, in the same statement: raises CX002, so that nothing of the batch is written, if
-- another request has one of the keys of the batch. Names without a reference are those of new executions.
CREATE FUNCTION keep_keys(p_result json, p_ranges json, p_names json) RETURNS json LANGUAGE plpgsql AS $$
BEGIN
	-- Under the lock of the chain, what another receiver has stored is visible here.
	PERFORM pg_advisory_xact_lock(hashtext('audit chain'));
	IF EXISTS (
		SELECT 1 FROM json_to_recordset(p_ranges) AS g(app text, "from" text, "to" text) CROSS JOIN LATERAL (
			SELECT 1 FROM idempotency_keys AS k
			WHERE k.app = g.app AND k.idempotency_key >= g."from" COLLATE "C" AND k.idempotency_key < g."to" COLLATE "C" LIMIT 1) AS other
	) OR EXISTS (
		SELECT 1 FROM json_to_recordset(p_names) AS g(app text, name text)
		JOIN idempotency_keys AS k ON k.app = g.app AND k.idempotency_key = g.name COLLATE "C"
	) OR EXISTS (
		SELECT 1 FROM json_to_recordset(p_names) AS g(app text, name text, reference uuid)
		JOIN execution_rows AS r ON r.app = g.app AND r.idempotency_key = g.name COLLATE "C" WHERE g.reference IS NOT NULL
	) THEN
		RAISE EXCEPTION 'another request has taken a key of the batch' USING ERRCODE = 'CX002';
	END IF;
	INSERT INTO idempotency_keys (app, idempotency_key, execution)
	SELECT g.app, g.name, r.id FROM json_to_recordset(p_names) AS g(app text, name text, reference uuid)
	JOIN execution_rows AS r ON r.reference = g.reference;
	RETURN p_result;
END $$;
--> statement-breakpoint
-- As before, but what is polled after its end stays.
CREATE OR REPLACE FUNCTION prunable_entries(behind bigint, most integer, cutoff bigint, max_bytes bigint)
RETURNS TABLE (id bigint, execution bigint, hash bytea, event smallint) LANGUAGE sql STABLE AS $$
	WITH oldest AS (
		SELECT a.id, a.execution, a.hash, a.event,
			a.at >= cutoff OR r.resolved_at IS NULL OR r.poll_at IS NOT NULL OR r.resolved_at >= cutoff OR r.held_at IS NOT NULL
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
-- An ended execution may be polled because of a callback: it is not open.
CREATE OR REPLACE VIEW unresolved AS
SELECT r.correlation_id, r.action_id, r.app, status_name(r.status) AS status, r.execution_id, iso_time(r.submitted_at) AS submitted_at,
	round(extract(epoch FROM clock_timestamp()) - r.submitted_at / 1000.0, 3)::float8 AS age_seconds,
	CASE
		WHEN r.dispatch_at IS NOT NULL AND EXISTS (
			SELECT 1 FROM sending_pauses AS p WHERE coalesce(p.app, r.app) = r.app AND coalesce(p.action_id, r.action_id) = r.action_id
		) THEN 'send to CXone once sending is resumed'
		WHEN r.dispatch_at IS NOT NULL THEN 'send to CXone'
		WHEN r.poll_at >= r.deadline THEN 'poll CXone for the last time'
		WHEN r.poll_at IS NOT NULL THEN 'poll CXone'
		ELSE 'time out unless the callback comes'
	END AS next_step,
	iso_time(coalesce(r.dispatch_at, r.poll_at, r.expire_at)) AS next_at, iso_time(r.deadline) AS deadline
FROM work JOIN execution_rows AS r ON r.id = work.execution WHERE r.resolved_at IS NULL;
--> statement-breakpoint
-- With retryUncertain, an attempt before the rejected one may have run.
CREATE OR REPLACE VIEW doubtful AS
SELECT correlation_id, action_id, app, status, execution_id, submitted_at, sent_at, resolved_at,
	(execution_id IS NOT NULL OR poll_url IS NOT NULL)::integer AS can_be_asked
FROM executions
WHERE (status IN ('TIMEOUT', 'NOT_FOUND', 'CANCELLED') AND sent_at IS NOT NULL AND late_result IS NULL)
	OR (status = 'REJECTED' AND attempts > 1 AND retry_uncertain = 1 AND late_result IS NULL) OR status = 'UNCONFIRMED';
