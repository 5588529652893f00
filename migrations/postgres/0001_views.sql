-- The views for operators: the same names and columns as on SQLite, with text in place of codes and milliseconds.

-- ISO 8601 in UTC with milliseconds.
CREATE FUNCTION iso_time(ms bigint) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
	SELECT to_char(timestamp 'epoch' + ms * interval '1 millisecond', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;
--> statement-breakpoint
CREATE FUNCTION status_name(code smallint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE code WHEN 1 THEN 'QUEUED' WHEN 2 THEN 'UNCONFIRMED' WHEN 3 THEN 'PENDING' WHEN 4 THEN 'COMPLETED' WHEN 5 THEN 'FAILED'
		WHEN 6 THEN 'REJECTED' WHEN 7 THEN 'NOT_FOUND' WHEN 8 THEN 'TIMEOUT' WHEN 9 THEN 'CANCELLED' END
$$;
--> statement-breakpoint
CREATE FUNCTION resolver_name(code smallint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE code WHEN 1 THEN 'callback' WHEN 2 THEN 'poll' WHEN 3 THEN 'submit' WHEN 4 THEN 'deadline' WHEN 5 THEN 'cancel' END
$$;
--> statement-breakpoint
-- A member of a JSON text. Null also where PostgreSQL cannot read the text: a NUL or half of a surrogate pair is escaped in it.
CREATE FUNCTION json_member(document text, name text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	RETURN document::json ->> name;
EXCEPTION WHEN OTHERS THEN
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE VIEW executions AS SELECT
	e.correlation_id, e.reference::text AS reference, e.app, e.action_id, e.execution_id,
	e.execution_id_unverified::integer AS hearsay, status_name(e.status) AS status, resolver_name(e.resolved_by) AS resolved_by,
	coalesce(p.inputs, '{}') AS inputs, coalesce(p.context, '{}') AS context, o.result, o.error, o.late_result,
	iso_time(e.submitted_at) AS submitted_at, iso_time(e.sent_at) AS sent_at, iso_time(e.resolved_at) AS resolved_at,
	iso_time(e.poll_after) AS poll_after, iso_time(e.deadline) AS deadline, e.latency_ms,
	CASE WHEN e.resolved_at IS NOT NULL THEN greatest(0, e.resolved_at - e.submitted_at) END AS total_latency_ms,
	e.poll_count, e.attempts, e.timeout_seconds, e.grace_seconds, e.retry_uncertain::integer AS retry_uncertain, e.notify_url,
	CASE WHEN octet_length(e.fingerprint) = 32 THEN encode(e.fingerprint, 'hex') ELSE convert_from(e.fingerprint, 'UTF8') END AS fingerprint,
	iso_time(e.dispatch_at) AS dispatch_at, iso_time(e.poll_at) AS poll_at, iso_time(e.expire_at) AS expire_at, e.priority,
	e.idempotency_key, e.traceparent, e.tracestate, iso_time(nullif(e.payload_pruned_at, 0)) AS payload_pruned_at,
	CASE WHEN e.payload_pruned_at IS NOT NULL THEN h.sha256 END AS payload_sha256, e.execution_id_problem, e.poll_url, e.unknown_word,
	iso_time(e.not_found_at) AS not_found_at, iso_time(e.found_at) AS found_at, iso_time(e.held_at) AS held_at,
	iso_time(e.erased_at) AS erased_at, e.cookies, e.resubmission_of, e.resubmitted_as
FROM execution_rows AS e LEFT JOIN payload_rows AS p ON p.id = e.id LEFT JOIN outcome_rows AS o ON o.id = e.id
	LEFT JOIN payload_hashes AS h ON h.id = e.id;
--> statement-breakpoint
CREATE VIEW audit_events AS SELECT
	a.id, iso_time(a.at) AS "timestamp", n.name AS event, e.action_id, e.correlation_id, a.execution_id, a.latency_ms, a.http_status,
	e.app, a.detail, encode(a.hash, 'hex') AS hash
FROM audit_rows AS a JOIN execution_rows AS e ON e.id = a.execution JOIN audit_event_names AS n ON n.code = a.event;
--> statement-breakpoint
CREATE VIEW notifications AS SELECT
	sequence, id, reference::text AS reference, correlation_id, app, type, url, origin, status, iso_time(created_at) AS created_at,
	iso_time(due_at) AS due_at, iso_time(give_up_at) AS give_up_at, attempts, iso_time(last_attempt_at) AS last_attempt_at,
	last_http_status, last_error, iso_time(delivered_at) AS delivered_at
FROM notification_rows;
--> statement-breakpoint
CREATE VIEW dead_letters AS
SELECT app, id, correlation_id, type, url, last_error AS reason, last_http_status AS http_status, attempts, created_at, last_attempt_at
FROM notifications WHERE id IN (SELECT id FROM notification_dead);
--> statement-breakpoint
CREATE VIEW unknown_status_words AS
SELECT word, spelling, iso_time(first_at) AS first_at, iso_time(last_at) AS last_at, reports, timeouts FROM unknown_status_word_rows;
--> statement-breakpoint
CREATE VIEW operator_activity AS SELECT
	id, iso_time(started_at) AS started_at, iso_time(ended_at) AS ended_at, operator, action, target, filter, reason, outcome, matched,
	changed
FROM operator_activity_rows;
--> statement-breakpoint
CREATE VIEW action_latency AS
WITH ranked AS (
	SELECT action_id, resolved_by, total_latency_ms,
		row_number() OVER (PARTITION BY action_id, resolved_by ORDER BY total_latency_ms) AS rank,
		count(*) OVER (PARTITION BY action_id, resolved_by) AS size
	FROM executions WHERE resolved_by IS NOT NULL
)
SELECT action_id, resolved_by, size AS count,
	max(CASE WHEN rank = (size * 50 + 99) / 100 THEN total_latency_ms END) AS p50,
	max(CASE WHEN rank = (size * 95 + 99) / 100 THEN total_latency_ms END) AS p95,
	max(CASE WHEN rank = (size * 99 + 99) / 100 THEN total_latency_ms END) AS p99
FROM ranked GROUP BY action_id, resolved_by, size;
--> statement-breakpoint
CREATE VIEW unresolved AS
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
FROM work JOIN execution_rows AS r ON r.id = work.execution;
--> statement-breakpoint
CREATE VIEW callback_health AS
SELECT action_id, substr(resolved_at, 1, 13) || ':00:00.000Z' AS hour,
	count(*) FILTER (WHERE resolved_by = 'callback') AS by_callback,
	count(*) FILTER (WHERE resolved_by = 'poll') AS by_poll,
	count(*) FILTER (WHERE status = 'TIMEOUT' AND sent_at IS NOT NULL) AS timed_out,
	count(*) FILTER (WHERE late_result IS NOT NULL) AS late,
	round(1.0 * count(*) FILTER (WHERE resolved_by = 'poll' OR (status = 'TIMEOUT' AND sent_at IS NOT NULL))
		/ nullif(count(*) FILTER (WHERE resolved_by IN ('callback', 'poll') OR (status = 'TIMEOUT' AND sent_at IS NOT NULL)), 0), 4)::float8
		AS missed_callback_share
FROM executions WHERE resolved_at IS NOT NULL
GROUP BY action_id, substr(resolved_at, 1, 13);
--> statement-breakpoint
CREATE VIEW conservation AS
SELECT accepted, terminal, open, accepted - terminal - open AS difference
FROM (
	SELECT
		(SELECT count(*) FROM audit_rows WHERE event = 1) + c.accepted AS accepted,
		(SELECT count(*) FROM execution_rows WHERE status > 3) + c.executions AS terminal,
		(SELECT count(*) FROM execution_rows WHERE status <= 3) AS open
	FROM audit_checkpoint AS c
) AS counted;
--> statement-breakpoint
CREATE VIEW callback_skew AS
SELECT e.correlation_id, e.action_id, e.app, resolver_name(e.resolved_by) AS resolved_by, iso_time(c.at) AS called_back_at,
	iso_time(p.at) AS found_at, round((c.at - p.at) / 1000.0, 3)::float8 AS skew_seconds
FROM (SELECT execution, min(at) AS at FROM audit_rows WHERE event = 17 GROUP BY execution) AS p
JOIN (SELECT execution, min(at) AS at FROM audit_rows WHERE event IN (8, 11, 12, 13) GROUP BY execution) AS c USING (execution)
JOIN execution_rows AS e ON e.id = p.execution;
--> statement-breakpoint
CREATE VIEW queue_by_app AS
SELECT app, priority, count(*) AS queued, iso_time(min(submitted_at)) AS oldest_at,
	round(extract(epoch FROM clock_timestamp()) - min(submitted_at) / 1000.0, 3)::float8 AS oldest_seconds,
	iso_time(min(dispatch_at)) AS next_at
FROM work WHERE dispatch_at IS NOT NULL GROUP BY app, priority;
--> statement-breakpoint
CREATE VIEW hourly AS
SELECT substr(submitted_at, 1, 13) || ':00:00.000Z' AS hour, app, action_id, count(*) AS submitted,
	count(*) FILTER (WHERE status = 'COMPLETED') AS completed,
	count(*) FILTER (WHERE status = 'FAILED') AS failed,
	count(*) FILTER (WHERE status = 'REJECTED') AS rejected,
	count(*) FILTER (WHERE status = 'NOT_FOUND') AS not_found,
	count(*) FILTER (WHERE status = 'TIMEOUT') AS timed_out,
	count(*) FILTER (WHERE status = 'CANCELLED') AS cancelled,
	count(*) FILTER (WHERE resolved_at IS NULL) AS open,
	round(avg(total_latency_ms))::float8 AS mean_ms
FROM executions GROUP BY substr(submitted_at, 1, 13), app, action_id;
--> statement-breakpoint
CREATE VIEW doubtful AS
SELECT correlation_id, action_id, app, status, execution_id, submitted_at, sent_at, resolved_at,
	(execution_id IS NOT NULL OR poll_url IS NOT NULL)::integer AS can_be_asked
FROM executions
WHERE (status IN ('TIMEOUT', 'NOT_FOUND', 'CANCELLED') AND sent_at IS NOT NULL AND late_result IS NULL) OR status = 'UNCONFIRMED';
--> statement-breakpoint
-- The trail in words: `seconds` since the execution was accepted.
CREATE VIEW execution_story AS
SELECT correlation_id, id, "timestamp",
	round(extract(epoch FROM "timestamp"::timestamptz - first_value("timestamp"::timestamptz) OVER (PARTITION BY correlation_id ORDER BY id)), 3)::float8
		AS seconds,
	event,
	CASE
		WHEN event = 'ACCEPTED' THEN 'stored, and the app was answered'
		WHEN event = 'DISPATCHED' THEN 'handed to the network'
		WHEN event = 'SUBMITTED' THEN 'CXone took it'
		WHEN event = 'FAILED' THEN 'CXone refused it'
		WHEN event = 'NETWORK_ERROR' THEN 'no answer from CXone'
		WHEN event = 'RATE_LIMITED' THEN 'CXone asked to wait'
		WHEN event = 'TOKEN_ERROR' THEN 'no token from CXone, so it waits'
		WHEN event = 'CALLBACK_COMPLETED' THEN 'the callback brought the outcome'
		WHEN event = 'CALLBACK_PROGRESS' THEN 'a callback said that it goes on'
		WHEN event = 'CALLBACK_HINT' THEN 'an unverified callback, so CXone is asked'
		WHEN event = 'CALLBACK_DUPLICATE' THEN 'a callback said the same again'
		WHEN event = 'CALLBACK_CONFLICT' THEN 'a callback said something else'
		WHEN event = 'CALLBACK_LATE' THEN 'a callback brought a result too late; it is kept'
		WHEN event = 'CALLBACK_UNREADABLE' THEN 'a callback that nobody can read, so CXone is asked'
		WHEN event = 'CALLBACK_MISMATCH' THEN 'a callback for another execution'
		WHEN event = 'POLL_REQUESTED' THEN 'somebody wanted CXone to be asked'
		WHEN event = 'POLL_COMPLETED' AND json_member(detail, 'outcome') = 'late' THEN 'a poll found a result too late; it is kept'
		WHEN event = 'POLL_COMPLETED' AND json_member(detail, 'outcome') IS NOT NULL THEN 'a poll found what was known, or something else'
		WHEN event = 'POLL_COMPLETED' THEN 'a poll found the outcome'
		WHEN event = 'POLL_PROGRESS' THEN 'asked; CXone is still at it'
		WHEN event = 'POLL_ERROR' THEN 'asked; no answer that can be used'
		WHEN event = 'POLL_404' THEN 'asked; CXone does not know it'
		WHEN event = 'POLL_MISMATCH' THEN 'asked; the response was about another execution'
		WHEN event = 'POLL_TIMEOUT' THEN 'the polling window ended'
		WHEN event = 'QUEUE_TIMEOUT' THEN 'it waited too long to be sent'
		WHEN event = 'CANCELLED' THEN 'given up'
		WHEN event = 'CANCEL_IGNORED' THEN 'it was to be given up, but had ended'
		WHEN event = 'NOTIFICATION_DELIVERED' THEN 'the app was told'
		WHEN event = 'NOTIFICATION_FAILED' THEN 'the app could not be told; it is tried again'
		WHEN event = 'NOTIFICATION_DEAD' THEN 'the app could not be told; given up'
		WHEN event = 'NOTIFICATION_REPLAYED' THEN 'the app is notified once more'
		WHEN event = 'HELD' THEN 'exempt from pruning and erasure'
		WHEN event = 'RELEASED' THEN 'no longer exempt from pruning and erasure'
		WHEN event = 'ERASED' THEN 'its content was erased'
		WHEN event = 'RESUBMITTED' THEN 'submitted again as a new execution'
		ELSE lower(replace(event, '_', ' '))
	END AS what,
	http_status, latency_ms, coalesce(json_member(detail, 'by'), 'receiver') AS by, detail
FROM audit_events;
