-- The store on PostgreSQL. Times are milliseconds since the Unix epoch; the views show them as text. No index has a column that
-- changes while an execution runs, so that its updates are HOT: what is due is in tables whose rows are inserted and deleted.

CREATE TABLE audit_event_names (
	code smallint PRIMARY KEY,
	name text NOT NULL UNIQUE
);
--> statement-breakpoint
INSERT INTO audit_event_names (code, name) VALUES
	(1, 'ACCEPTED'), (2, 'DISPATCHED'), (3, 'SUBMITTED'), (4, 'FAILED'),
	(5, 'NETWORK_ERROR'), (6, 'RATE_LIMITED'), (7, 'TOKEN_ERROR'), (8, 'CALLBACK_COMPLETED'),
	(9, 'CALLBACK_PROGRESS'), (10, 'CALLBACK_HINT'), (11, 'CALLBACK_DUPLICATE'), (12, 'CALLBACK_CONFLICT'),
	(13, 'CALLBACK_LATE'), (14, 'CALLBACK_UNREADABLE'), (15, 'CALLBACK_MISMATCH'), (16, 'POLL_REQUESTED'),
	(17, 'POLL_COMPLETED'), (18, 'POLL_PROGRESS'), (19, 'POLL_ERROR'), (20, 'POLL_404'),
	(21, 'POLL_MISMATCH'), (22, 'POLL_TIMEOUT'), (23, 'QUEUE_TIMEOUT'), (24, 'CANCELLED'),
	(25, 'CANCEL_IGNORED'), (26, 'NOTIFICATION_DELIVERED'), (27, 'NOTIFICATION_FAILED'), (28, 'NOTIFICATION_DEAD'),
	(29, 'NOTIFICATION_REPLAYED'), (30, 'HELD'), (31, 'RELEASED'), (32, 'ERASED'),
	(33, 'RESUBMITTED');
--> statement-breakpoint
-- Each process of a receiver has a slot. Each of its connections raises the epoch, which fences off what an earlier one still sends.
CREATE TABLE receivers (
	slot integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	epoch bigint NOT NULL,
	name text NOT NULL,
	pid integer NOT NULL,
	started_at timestamptz NOT NULL,
	-- When the holder last proved that it runs, by the clock of the database.
	beat_at timestamptz NOT NULL
);
--> statement-breakpoint
-- What a batch returned, written by the batch itself: it resolves a commit whose response was lost.
CREATE TABLE receipts (
	slot integer NOT NULL,
	epoch bigint NOT NULL,
	sequence bigint NOT NULL,
	result json NOT NULL,
	PRIMARY KEY (slot, epoch, sequence)
);
--> statement-breakpoint
CREATE TABLE execution_rows (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	reference uuid NOT NULL,
	submitted_at bigint NOT NULL,
	timeout_seconds integer NOT NULL,
	grace_seconds integer NOT NULL,
	retry_uncertain boolean NOT NULL,
	priority smallint NOT NULL,
	correlation_id text COLLATE "C" NOT NULL,
	app text COLLATE "C" NOT NULL,
	action_id text COLLATE "C" NOT NULL,
	fingerprint bytea NOT NULL,
	notify_url text,
	idempotency_key text COLLATE "C",
	traceparent text,
	tracestate text,
	-- The correlation id of the execution that it repeats.
	resubmission_of text,
	-- One of 2^level executions has at least this level: the random sample for timing advice.
	sample_level smallint NOT NULL,
	-- From here on, what changes. The version is raised by each change: a decision that was made on another version is not applied.
	version integer NOT NULL DEFAULT 0,
	status smallint NOT NULL,
	resolved_by smallint,
	execution_id text,
	execution_id_unverified boolean NOT NULL DEFAULT false,
	sent_at bigint,
	resolved_at bigint,
	poll_after bigint,
	deadline bigint,
	dispatch_at bigint,
	poll_at bigint,
	expire_at bigint,
	not_found_at bigint,
	found_at bigint,
	latency_ms integer,
	poll_count integer NOT NULL DEFAULT 0,
	attempts integer NOT NULL DEFAULT 0,
	-- Number of audit entries, and bytes of them and their bodies, ever written: an upper bound of what is stored.
	entries integer NOT NULL DEFAULT 0,
	entry_bytes bigint NOT NULL DEFAULT 0,
	execution_id_problem text,
	poll_url text,
	cookies text,
	unknown_word text,
	payload_pruned_at bigint,
	held_at bigint,
	erased_at bigint,
	-- The last hint before the end, the first callback that repeated or contradicted the outcome, and the first poll that found it.
	hinted_at bigint,
	called_back_at bigint,
	poll_completed_at bigint,
	-- The correlation id of the execution that repeats it.
	resubmitted_as text
) WITH (fillfactor = 60);
--> statement-breakpoint
CREATE UNIQUE INDEX execution_rows_by_reference ON execution_rows (reference);
--> statement-breakpoint
CREATE UNIQUE INDEX execution_rows_by_correlation_id ON execution_rows (correlation_id);
--> statement-breakpoint
CREATE INDEX execution_rows_by_app ON execution_rows (app, reference);
--> statement-breakpoint
CREATE UNIQUE INDEX execution_rows_by_idempotency_key ON execution_rows (app, idempotency_key) WHERE idempotency_key IS NOT NULL;
--> statement-breakpoint
CREATE INDEX execution_rows_sample ON execution_rows (action_id, sample_level, reference);
--> statement-breakpoint
-- Roll-ups: counts per hour that commit with the executions they count. Rows are added, and merged later: an update of the row of an
-- hour by each commit would become slower and slower while another session holds an old snapshot.
-- Kind 1, submitted: `a` is accepted or unsent. Kind 2, outcomes: `a` status, `b` resolver, `c` sent, `d` late, `e` ms.
-- Kind 3, arrivals: `a` channel, `b` whether there is a skew, `c` missed, `d` called back later, `e` skew in ms.
CREATE TABLE rollup_rows (
	kind smallint NOT NULL,
	hour text COLLATE "C" NOT NULL,
	app text COLLATE "C" NOT NULL,
	action_id text COLLATE "C" NOT NULL,
	a text NOT NULL,
	b text NOT NULL,
	c integer NOT NULL,
	d integer NOT NULL,
	e bigint NOT NULL,
	count bigint NOT NULL
);
--> statement-breakpoint
CREATE INDEX rollup_rows_by_hour ON rollup_rows (kind, hour);
--> statement-breakpoint
-- The executionIds that CXone gave, by their last characters in lower case.
CREATE TABLE execution_ids (
	ending text COLLATE "C" NOT NULL,
	execution bigint NOT NULL,
	PRIMARY KEY (ending, execution)
);
--> statement-breakpoint
CREATE INDEX execution_ids_by_execution ON execution_ids (execution);
--> statement-breakpoint
-- One row for each open execution. A change of a due time replaces the row: an update of an indexed column could not be HOT.
CREATE TABLE work (
	reference uuid PRIMARY KEY,
	execution bigint NOT NULL,
	app text COLLATE "C" NOT NULL,
	action_id text COLLATE "C" NOT NULL,
	priority smallint NOT NULL,
	status smallint NOT NULL,
	submitted_at bigint NOT NULL,
	dispatch_at bigint,
	poll_at bigint,
	expire_at bigint
);
--> statement-breakpoint
CREATE INDEX work_to_dispatch ON work (app, priority, dispatch_at) INCLUDE (action_id) WHERE dispatch_at IS NOT NULL;
--> statement-breakpoint
CREATE INDEX work_to_poll ON work (app, poll_at) WHERE poll_at IS NOT NULL;
--> statement-breakpoint
CREATE INDEX work_to_expire ON work (expire_at) WHERE expire_at IS NOT NULL;
--> statement-breakpoint
CREATE TABLE payload_rows (
	id bigint PRIMARY KEY,
	inputs text NOT NULL,
	context text NOT NULL
);
--> statement-breakpoint
CREATE TABLE outcome_rows (
	id bigint PRIMARY KEY,
	result text,
	error text,
	late_result text,
	-- When the late result came.
	late_at bigint
);
--> statement-breakpoint
CREATE TABLE payload_hashes (
	id bigint PRIMARY KEY,
	sha256 text NOT NULL
);
--> statement-breakpoint
-- Append-only. Ids have no gap and are in the order of the commits; the newest entry is the head of the hash chain. Partitions by id
-- are created before they are needed, and dropped when all of their entries are pruned.
CREATE TABLE audit_rows (
	id bigint NOT NULL,
	execution bigint NOT NULL,
	at bigint NOT NULL,
	event smallint NOT NULL,
	http_status smallint,
	latency_ms integer,
	hash bytea NOT NULL,
	execution_id text,
	detail text NOT NULL,
	-- What statistics read of the detail. PostgreSQL cannot read a JSON text with an escaped NUL or half of a surrogate pair.
	ends boolean,
	repeats integer,
	since bigint,
	until bigint,
	PRIMARY KEY (id)
) PARTITION BY RANGE (id);
--> statement-breakpoint
CREATE INDEX audit_rows_by_execution ON audit_rows (execution, id);
--> statement-breakpoint
CREATE TABLE audit_rows_1 PARTITION OF audit_rows FOR VALUES FROM (1) TO (1000001);
--> statement-breakpoint
CREATE TABLE callback_bodies (
	audit_id bigint PRIMARY KEY,
	execution bigint NOT NULL,
	content_type text,
	body bytea NOT NULL,
	pruned_at bigint
);
--> statement-breakpoint
CREATE INDEX callback_bodies_by_execution ON callback_bodies (execution);
--> statement-breakpoint
CREATE TABLE audit_checkpoint (
	id smallint PRIMARY KEY CHECK (id = 1),
	pruned_through bigint NOT NULL,
	hash text NOT NULL,
	accepted bigint NOT NULL,
	executions bigint NOT NULL
);
--> statement-breakpoint
INSERT INTO audit_checkpoint (id, pruned_through, hash, accepted, executions) VALUES (1, 0, repeat('0', 64), 0, 0);
--> statement-breakpoint
CREATE TABLE audit_repeats (
	execution bigint NOT NULL,
	event smallint NOT NULL,
	count integer NOT NULL,
	since bigint NOT NULL,
	until bigint NOT NULL,
	detail text NOT NULL,
	PRIMARY KEY (execution, event)
) WITH (fillfactor = 60);
--> statement-breakpoint
CREATE TABLE notification_rows (
	-- In the order of the commits.
	sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	id text COLLATE "C" NOT NULL UNIQUE,
	reference uuid NOT NULL,
	correlation_id text COLLATE "C" NOT NULL,
	app text COLLATE "C" NOT NULL,
	type text NOT NULL,
	url text NOT NULL,
	origin text COLLATE "C" NOT NULL,
	created_at bigint NOT NULL,
	status text NOT NULL,
	due_at bigint,
	give_up_at bigint NOT NULL,
	attempts integer NOT NULL,
	last_attempt_at bigint,
	last_http_status integer,
	last_error text,
	delivered_at bigint
) WITH (fillfactor = 70);
--> statement-breakpoint
CREATE INDEX notification_rows_by_app ON notification_rows (app, sequence);
--> statement-breakpoint
CREATE INDEX notification_rows_by_reference ON notification_rows (reference);
--> statement-breakpoint
-- One row for each notification that is scheduled for an attempt.
CREATE TABLE notification_work (
	id text COLLATE "C" PRIMARY KEY,
	app text COLLATE "C" NOT NULL,
	origin text COLLATE "C" NOT NULL,
	due_at bigint NOT NULL
);
--> statement-breakpoint
CREATE INDEX notification_work_to_send ON notification_work (app, origin, due_at);
--> statement-breakpoint
-- One row for each dead letter.
CREATE TABLE notification_dead (
	id text COLLATE "C" PRIMARY KEY
);
--> statement-breakpoint
CREATE TABLE unknown_status_word_rows (
	word text COLLATE "C" PRIMARY KEY,
	spelling text NOT NULL,
	first_at bigint NOT NULL,
	last_at bigint NOT NULL,
	reports integer NOT NULL,
	timeouts integer NOT NULL
);
--> statement-breakpoint
-- The server and the database in which the data was written: another one has a copy of it.
CREATE TABLE database_identity (
	id smallint PRIMARY KEY CHECK (id = 1),
	identity text NOT NULL
);
--> statement-breakpoint
-- Row 1: the newest time of a receiver. Rows 2 and 3: the last step of the clock, from and to.
CREATE TABLE heartbeat (
	id smallint PRIMARY KEY,
	at bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE operator_activity_rows (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	started_at bigint NOT NULL,
	ended_at bigint,
	operator text COLLATE "C" NOT NULL,
	action text NOT NULL,
	target text,
	filter text,
	reason text,
	outcome text NOT NULL,
	matched bigint,
	changed bigint
);
--> statement-breakpoint
CREATE INDEX operator_activity_rows_by_operator ON operator_activity_rows (operator, id);
--> statement-breakpoint
-- Incidents, with their history and the executions they count. Their times are ISO 8601 text, as operators query them.
CREATE TABLE incidents (
	id text COLLATE "C" PRIMARY KEY,
	cause text NOT NULL,
	subject text NOT NULL,
	severity text NOT NULL,
	problem text NOT NULL,
	started_at text COLLATE "C" NOT NULL,
	last_seen_at text COLLATE "C" NOT NULL,
	ended_at text COLLATE "C",
	affected bigint NOT NULL,
	total bigint,
	actions text NOT NULL,
	apps text NOT NULL,
	acknowledged_at text COLLATE "C",
	acknowledged_by text
);
--> statement-breakpoint
CREATE UNIQUE INDEX incidents_open ON incidents (cause, subject) WHERE ended_at IS NULL;
--> statement-breakpoint
CREATE INDEX incidents_by_start ON incidents (started_at);
--> statement-breakpoint
CREATE TABLE incident_events (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	incident text COLLATE "C" NOT NULL,
	at text COLLATE "C" NOT NULL,
	event text NOT NULL,
	by text
);
--> statement-breakpoint
CREATE INDEX incident_events_by_incident ON incident_events (incident);
--> statement-breakpoint
CREATE TABLE incident_executions (
	incident text COLLATE "C" NOT NULL,
	reference uuid NOT NULL,
	is_affected integer NOT NULL,
	PRIMARY KEY (incident, reference)
);
--> statement-breakpoint
CREATE TABLE incident_deliveries (
	event bigint PRIMARY KEY,
	due_at text COLLATE "C",
	give_up_at text COLLATE "C" NOT NULL,
	attempts integer NOT NULL,
	last_error text,
	delivered_at text COLLATE "C"
);
--> statement-breakpoint
CREATE INDEX incident_deliveries_due ON incident_deliveries (due_at) WHERE due_at IS NOT NULL;
--> statement-breakpoint
CREATE FUNCTION incident_events_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'UPDATE' THEN RAISE EXCEPTION 'the history of incidents is append-only'; END IF;
	IF EXISTS (SELECT 1 FROM incidents WHERE id = OLD.incident) THEN
		RAISE EXCEPTION 'the history of an incident is removed with the incident';
	END IF;
	RETURN OLD;
END $$;
--> statement-breakpoint
CREATE TRIGGER incident_events_append_only BEFORE UPDATE OR DELETE ON incident_events
FOR EACH ROW EXECUTE FUNCTION incident_events_are_append_only();
--> statement-breakpoint
-- Endpoints of apps to which an administrator lets nothing be sent.
CREATE TABLE endpoint_pauses (
	app text COLLATE "C" NOT NULL,
	origin text COLLATE "C" NOT NULL,
	since text COLLATE "C" NOT NULL,
	operator text NOT NULL,
	reason text,
	PRIMARY KEY (app, origin)
);
--> statement-breakpoint
-- The pauses of sending that are in force.
CREATE TABLE sending_pauses (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	app text COLLATE "C",
	action_id text COLLATE "C",
	since text COLLATE "C" NOT NULL,
	operator text NOT NULL,
	reason text
);
--> statement-breakpoint
CREATE UNIQUE INDEX sending_pauses_by_scope ON sending_pauses ((coalesce(app, '')), (coalesce(action_id, '')));
--> statement-breakpoint
CREATE FUNCTION audit_rows_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		IF OLD.id <= (SELECT pruned_through FROM audit_checkpoint) THEN RETURN OLD; END IF;
		RAISE EXCEPTION 'audit_events is append-only: entries are never deleted';
	END IF;
	IF NEW.id = OLD.id AND NEW.execution = OLD.execution AND NEW.at = OLD.at AND NEW.event = OLD.event AND NEW.hash = OLD.hash
		AND NEW.http_status IS NOT DISTINCT FROM OLD.http_status AND NEW.latency_ms IS NOT DISTINCT FROM OLD.latency_ms
		AND NEW.execution_id IS NOT DISTINCT FROM OLD.execution_id AND position('"erased":true' IN NEW.detail) > 0
		AND EXISTS (SELECT 1 FROM execution_rows WHERE id = OLD.execution AND erased_at IS NOT NULL)
	THEN RETURN NEW; END IF;
	RAISE EXCEPTION 'audit_events is append-only: entries are never changed';
END $$;
--> statement-breakpoint
CREATE TRIGGER audit_rows_append_only BEFORE UPDATE OR DELETE ON audit_rows
FOR EACH ROW EXECUTE FUNCTION audit_rows_are_append_only();
--> statement-breakpoint
CREATE FUNCTION terminal_status_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'a terminal status never changes';
END $$;
--> statement-breakpoint
CREATE TRIGGER execution_rows_terminal_stays BEFORE UPDATE ON execution_rows
FOR EACH ROW WHEN (OLD.status >= 4 AND NEW.status <> OLD.status) EXECUTE FUNCTION terminal_status_stays();
--> statement-breakpoint
-- Creates the partition of an id. The lock on the table is short, because the new partition is attached, not created in place.
CREATE FUNCTION create_audit_partition(of_id bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	size CONSTANT bigint := 1000000;
	low bigint := (of_id - 1) / size * size + 1;
	name text := 'audit_rows_' || ((of_id - 1) / size + 1);
BEGIN
	PERFORM pg_advisory_xact_lock(hashtext('audit partitions'));
	IF to_regclass(name) IS NOT NULL THEN RETURN; END IF;
	EXECUTE format('CREATE TABLE %I (LIKE audit_rows INCLUDING ALL)', name);
	EXECUTE format('ALTER TABLE audit_rows ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', name, low, low + size);
END $$;
--> statement-breakpoint
CREATE FUNCTION count_status_words(given json, parts bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	counted record;
BEGIN
	FOR counted IN
		SELECT g.* FROM json_to_recordset(given) AS g(n integer, word text, spelling text, others text, most integer, at bigint,
			reports integer, timeouts integer)
		WHERE parts[g.n] IS NOT NULL
	LOOP
		IF NOT EXISTS (SELECT 1 FROM unknown_status_word_rows WHERE word = counted.word)
			AND (SELECT count(*) FROM unknown_status_word_rows) >= counted.most
		THEN
			counted.word := counted.others;
			counted.spelling := counted.others;
		END IF;
		INSERT INTO unknown_status_word_rows AS u (word, spelling, first_at, last_at, reports, timeouts)
		VALUES (counted.word, counted.spelling, counted.at, counted.at, counted.reports, counted.timeouts)
		ON CONFLICT (word) DO UPDATE SET reports = u.reports + excluded.reports, timeouts = u.timeouts + excluded.timeouts,
			last_at = CASE WHEN excluded.reports > 0 THEN greatest(u.last_at, excluded.last_at) ELSE u.last_at END;
	END LOOP;
END $$;
--> statement-breakpoint
-- Counts a report of a word under the other words. A word leaves the table with its last report.
CREATE FUNCTION uncount_status_words(given json, parts bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	counted record;
	kept record;
BEGIN
	FOR counted IN
		SELECT g.* FROM json_to_recordset(given) AS g(n integer, word text, others text, at bigint) WHERE parts[g.n] IS NOT NULL
	LOOP
		SELECT * INTO kept FROM unknown_status_word_rows WHERE word = counted.word;
		CONTINUE WHEN NOT FOUND OR counted.word = counted.others;
		IF kept.reports <= 1 THEN DELETE FROM unknown_status_word_rows WHERE word = counted.word;
		ELSE UPDATE unknown_status_word_rows SET reports = reports - 1 WHERE word = counted.word;
		END IF;
		INSERT INTO unknown_status_word_rows AS u (word, spelling, first_at, last_at, reports, timeouts)
		VALUES (counted.others, counted.others, counted.at, counted.at, 1, CASE WHEN kept.reports <= 1 THEN kept.timeouts ELSE 0 END)
		ON CONFLICT (word) DO UPDATE SET reports = u.reports + 1, timeouts = u.timeouts + excluded.timeouts,
			last_at = greatest(u.last_at, excluded.last_at);
	END LOOP;
END $$;
--> statement-breakpoint
-- Commits a batch of decisions: new executions (parts 1 to a), and changes of executions (parts a + 1 to a + c) that were decided on
-- a certain version of each. A part is stale if its id or key is in use, or its version has changed; nothing of it is written.
-- Returns the ids of the new executions, the numbers of the stale parts, the id of the first entry, and the head of the chain.
CREATE FUNCTION apply_batch(
	p_slot integer, p_epoch bigint, p_sequence bigint, p_all_or_nothing boolean, p_known_head bigint,
	p_adds json, p_ids bigint[], p_versions integer[], p_changes json, p_due json, p_outcomes json, p_names json, p_payloads json,
	p_repeats json, p_taken integer[], p_notifications json, p_words json, p_entries json, p_bodies json,
	p_reductions json, p_emptied integer[], p_uncounted json, p_tallies json
) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
	parts bigint[] := '{}';
	changed bigint[];
	head_id bigint;
	head_hash text;
	entry record;
	entry_ids bigint[] := '{}';
	entry_hashes bytea[] := '{}';
	result json;
BEGIN
	-- The lock on the slot makes whoever raises its epoch wait for this batch. The row is not updated: while another session holds
	-- an old snapshot, updates of one row become slower and slower.
	PERFORM 1 FROM receivers WHERE slot = p_slot AND epoch = p_epoch FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'another receiver has taken over slot %', p_slot USING ERRCODE = 'CX001';
	END IF;

	IF p_adds IS NOT NULL THEN
		WITH given AS MATERIALIZED (
			SELECT * FROM json_to_recordset(p_adds) AS g(n integer, reference uuid, submitted_at bigint, timeout_seconds integer,
				grace_seconds integer, retry_uncertain boolean, priority smallint, correlation_id text, app text, action_id text,
				fingerprint text, notify_url text, idempotency_key text, traceparent text, tracestate text, status smallint,
				dispatch_at bigint, expire_at bigint, inputs text, context text, entry_bytes bigint, sample_level smallint,
				resubmission_of text)
		), added AS (
			INSERT INTO execution_rows (reference, submitted_at, timeout_seconds, grace_seconds, retry_uncertain, priority,
				correlation_id, app, action_id, fingerprint, notify_url, idempotency_key, traceparent, tracestate, status, dispatch_at,
				expire_at, entries, entry_bytes, sample_level, resubmission_of)
			SELECT reference, submitted_at, timeout_seconds, grace_seconds, retry_uncertain, priority, correlation_id, app, action_id,
				decode(fingerprint, 'hex'), notify_url, idempotency_key, traceparent, tracestate, status, dispatch_at, expire_at,
				1, entry_bytes, sample_level, resubmission_of
			FROM given ORDER BY n
			ON CONFLICT DO NOTHING
			RETURNING id, reference
		), rows AS (
			SELECT given.*, added.id FROM given LEFT JOIN added USING (reference)
		), payloads AS (
			INSERT INTO payload_rows (id, inputs, context) SELECT id, inputs, context FROM rows WHERE id IS NOT NULL
		), works AS (
			INSERT INTO work (reference, execution, app, action_id, priority, status, submitted_at, dispatch_at, expire_at)
			SELECT reference, id, app, action_id, priority, status, submitted_at, dispatch_at, expire_at FROM rows WHERE id IS NOT NULL
		)
		SELECT array_agg(id ORDER BY n) INTO parts FROM rows;
	END IF;

	IF p_ids IS NOT NULL THEN
		-- In one order for all batches, so that two of them never wait for each other.
		PERFORM 1 FROM execution_rows WHERE id = ANY (p_ids) ORDER BY id FOR NO KEY UPDATE;
		SELECT array_agg(CASE WHEN r.version = g.version THEN g.id END ORDER BY g.n) INTO changed
		FROM unnest(p_ids, p_versions) WITH ORDINALITY AS g(id, version, n) LEFT JOIN execution_rows AS r ON r.id = g.id;
		parts := parts || changed;
	END IF;

	IF p_all_or_nothing AND array_position(parts, NULL) IS NOT NULL THEN
		RAISE EXCEPTION 'a part of the batch is stale' USING ERRCODE = 'CX002';
	END IF;

	IF p_changes IS NOT NULL THEN
		UPDATE execution_rows AS r SET version = r.version + 1, status = g.status, resolved_by = g.resolved_by,
			execution_id = g.execution_id, execution_id_unverified = g.execution_id_unverified, sent_at = g.sent_at,
			resolved_at = g.resolved_at, poll_after = g.poll_after, deadline = g.deadline, dispatch_at = g.dispatch_at,
			poll_at = g.poll_at, expire_at = g.expire_at, not_found_at = g.not_found_at, found_at = g.found_at,
			latency_ms = g.latency_ms, poll_count = g.poll_count, attempts = g.attempts, entries = r.entries + g.entries,
			entry_bytes = r.entry_bytes + g.entry_bytes, execution_id_problem = g.execution_id_problem, poll_url = g.poll_url,
			cookies = g.cookies, unknown_word = g.unknown_word, payload_pruned_at = g.payload_pruned_at, held_at = g.held_at,
			erased_at = g.erased_at, hinted_at = g.hinted_at, called_back_at = g.called_back_at,
			poll_completed_at = g.poll_completed_at, resubmitted_as = g.resubmitted_as
		FROM json_to_recordset(p_changes) AS g(n integer, status smallint, resolved_by smallint, execution_id text,
			execution_id_unverified boolean, sent_at bigint, resolved_at bigint, poll_after bigint, deadline bigint,
			dispatch_at bigint, poll_at bigint, expire_at bigint, not_found_at bigint, found_at bigint, latency_ms integer,
			poll_count integer, attempts integer, entries integer, entry_bytes bigint, execution_id_problem text, poll_url text,
			cookies text, unknown_word text, payload_pruned_at bigint, held_at bigint, erased_at bigint,
			hinted_at bigint, called_back_at bigint, poll_completed_at bigint, resubmitted_as text)
		WHERE r.id = parts[g.n];
	END IF;

	IF p_due IS NOT NULL THEN
		DELETE FROM work WHERE reference = ANY (ARRAY(
			SELECT g.reference FROM json_to_recordset(p_due) AS g(n integer, reference uuid) WHERE parts[g.n] IS NOT NULL));
		INSERT INTO work (reference, execution, app, action_id, priority, status, submitted_at, dispatch_at, poll_at, expire_at)
		SELECT g.reference, parts[g.n], g.app, g.action_id, g.priority, g.status, g.submitted_at, g.dispatch_at, g.poll_at, g.expire_at
		FROM json_to_recordset(p_due) AS g(n integer, reference uuid, app text, action_id text, priority smallint, status smallint,
			submitted_at bigint, dispatch_at bigint, poll_at bigint, expire_at bigint, open boolean)
		WHERE parts[g.n] IS NOT NULL AND g.open;
	END IF;

	IF p_outcomes IS NOT NULL THEN
		INSERT INTO outcome_rows AS o (id, result, error, late_result, late_at)
		SELECT parts[g.n], g.result, g.error, g.late_result, g.late_at
		FROM json_to_recordset(p_outcomes) AS g(n integer, result text, error text, late_result text, late_at bigint)
		WHERE parts[g.n] IS NOT NULL
		ON CONFLICT (id) DO UPDATE SET result = excluded.result, error = excluded.error, late_result = excluded.late_result,
			late_at = excluded.late_at;
	END IF;

	IF p_names IS NOT NULL THEN
		INSERT INTO execution_ids (ending, execution)
		SELECT g.ending, parts[g.n] FROM json_to_recordset(p_names) AS g(n integer, ending text) WHERE parts[g.n] IS NOT NULL
		ON CONFLICT DO NOTHING;
	END IF;

	-- A payload that is pruned, or that has a result again.
	IF p_payloads IS NOT NULL THEN
		DELETE FROM payload_rows WHERE id = ANY (ARRAY(
			SELECT parts[g.n] FROM json_to_recordset(p_payloads) AS g(n integer, kept boolean) WHERE NOT g.kept));
		INSERT INTO payload_rows (id, inputs, context)
		SELECT parts[g.n], '{}', '{}' FROM json_to_recordset(p_payloads) AS g(n integer, kept boolean)
		WHERE g.kept AND parts[g.n] IS NOT NULL
		ON CONFLICT DO NOTHING;
		INSERT INTO payload_hashes (id, sha256)
		SELECT parts[g.n], g.sha256 FROM json_to_recordset(p_payloads) AS g(n integer, sha256 text)
		WHERE g.sha256 IS NOT NULL AND parts[g.n] IS NOT NULL
		ON CONFLICT (id) DO UPDATE SET sha256 = excluded.sha256;
	END IF;

	IF p_tallies IS NOT NULL THEN
		INSERT INTO rollup_rows (kind, hour, app, action_id, a, b, c, d, e, count)
		SELECT g.kind, g.hour, g.app, g.action_id, g.a, g.b, g.c, g.d, g.e, sum(g.times)
		FROM json_to_recordset(p_tallies) AS g(n integer, kind smallint, hour text, app text, action_id text, a text, b text,
			c integer, d integer, e bigint, times integer)
		WHERE parts[g.n] IS NOT NULL GROUP BY g.kind, g.hour, g.app, g.action_id, g.a, g.b, g.c, g.d, g.e HAVING sum(g.times) <> 0;
	END IF;

	IF p_taken IS NOT NULL THEN
		DELETE FROM audit_repeats WHERE execution = ANY (ARRAY(SELECT parts[n] FROM unnest(p_taken) AS n));
	END IF;

	IF p_repeats IS NOT NULL THEN
		INSERT INTO audit_repeats AS r (execution, event, count, since, until, detail)
		SELECT parts[g.n], g.event, g.count, g.since, g.until, g.detail
		FROM json_to_recordset(p_repeats) AS g(n integer, event smallint, count integer, since bigint, until bigint, detail text)
		WHERE parts[g.n] IS NOT NULL
		ON CONFLICT (execution, event) DO UPDATE SET count = excluded.count, until = excluded.until, detail = excluded.detail;
	END IF;

	IF p_entries IS NOT NULL OR p_notifications IS NOT NULL OR p_words IS NOT NULL THEN
		-- From here on, batches run one after the other, in the order of their commits.
		PERFORM pg_advisory_xact_lock(hashtext('audit chain'));
	END IF;

	IF p_words IS NOT NULL THEN PERFORM count_status_words(p_words, parts); END IF;
	IF p_uncounted IS NOT NULL THEN PERFORM uncount_status_words(p_uncounted, parts); END IF;

	-- The execution is marked as erased by now, which the trigger of the entries demands.
	IF p_reductions IS NOT NULL THEN
		UPDATE audit_rows AS a SET detail = g.detail
		FROM json_to_recordset(p_reductions) AS g(n integer, id bigint, detail text)
		WHERE parts[g.n] IS NOT NULL AND a.id = g.id AND a.execution = parts[g.n];
	END IF;
	IF p_emptied IS NOT NULL THEN
		UPDATE callback_bodies SET body = '', content_type = NULL, pruned_at = (extract(epoch FROM clock_timestamp()) * 1000)::bigint
		WHERE pruned_at IS NULL AND execution = ANY (ARRAY(SELECT parts[n] FROM unnest(p_emptied) AS n));
	END IF;

	IF p_notifications IS NOT NULL THEN
		-- Not an upsert, which would use a sequence for each update.
		INSERT INTO notification_rows (id, reference, correlation_id, app, type, url, origin, created_at, status, due_at, give_up_at,
			attempts, last_attempt_at, last_http_status, last_error, delivered_at)
		SELECT g.id, g.reference, g.correlation_id, g.app, g.type, g.url, g.origin, g.created_at, g.status, g.due_at, g.give_up_at,
			g.attempts, g.last_attempt_at, g.last_http_status, g.last_error, g.delivered_at
		FROM json_to_recordset(p_notifications) AS g(n integer, i integer, is_new boolean, id text, reference uuid,
			correlation_id text, app text, type text, url text, origin text, created_at bigint, status text, due_at bigint,
			give_up_at bigint, attempts integer, last_attempt_at bigint, last_http_status integer, last_error text, delivered_at bigint)
		WHERE parts[g.n] IS NOT NULL AND g.is_new ORDER BY g.i;
		UPDATE notification_rows AS r SET status = g.status, due_at = g.due_at, give_up_at = g.give_up_at, attempts = g.attempts,
			last_attempt_at = g.last_attempt_at, last_http_status = g.last_http_status, last_error = g.last_error,
			delivered_at = g.delivered_at
		FROM json_to_recordset(p_notifications) AS g(n integer, is_new boolean, id text, status text, due_at bigint,
			give_up_at bigint, attempts integer, last_attempt_at bigint, last_http_status integer, last_error text, delivered_at bigint)
		WHERE parts[g.n] IS NOT NULL AND NOT g.is_new AND r.id = g.id;
		DELETE FROM notification_work WHERE id = ANY (ARRAY(
			SELECT g.id FROM json_to_recordset(p_notifications) AS g(n integer, id text) WHERE parts[g.n] IS NOT NULL));
		DELETE FROM notification_dead WHERE id = ANY (ARRAY(
			SELECT g.id FROM json_to_recordset(p_notifications) AS g(n integer, id text, status text)
			WHERE parts[g.n] IS NOT NULL AND g.status <> 'DEAD'));
		INSERT INTO notification_work (id, app, origin, due_at)
		SELECT g.id, g.app, g.origin, g.due_at
		FROM json_to_recordset(p_notifications) AS g(n integer, id text, app text, origin text, due_at bigint)
		WHERE parts[g.n] IS NOT NULL AND g.due_at IS NOT NULL;
		INSERT INTO notification_dead (id)
		SELECT g.id FROM json_to_recordset(p_notifications) AS g(n integer, id text, status text)
		WHERE parts[g.n] IS NOT NULL AND g.status = 'DEAD'
		ON CONFLICT DO NOTHING;
	END IF;

	IF p_entries IS NOT NULL THEN
		SELECT id, encode(hash, 'hex') INTO head_id, head_hash FROM audit_rows WHERE id >= p_known_head ORDER BY id DESC LIMIT 1;
		IF head_id IS NULL THEN
			SELECT pruned_through, hash INTO head_id, head_hash FROM audit_checkpoint;
		END IF;
		FOR entry IN
			SELECT * FROM json_to_recordset(p_entries) AS e(n integer, columns text, detail text)
		LOOP
			IF parts[entry.n] IS NULL THEN
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
		INSERT INTO audit_rows (id, execution, at, event, http_status, latency_ms, hash, execution_id, detail, ends, repeats, since,
			until)
		SELECT entry_ids[e.i], parts[e.n], e.at, e.event, e.http_status, e.latency_ms, entry_hashes[e.i], e.execution_id, e.detail,
			e.ends, e.repeats, e.since, e.until
		FROM json_to_recordset(p_entries) AS e(i integer, n integer, at bigint, event smallint, http_status smallint,
			latency_ms integer, execution_id text, detail text, ends boolean, repeats integer, since bigint, until bigint)
		WHERE parts[e.n] IS NOT NULL;
		IF p_bodies IS NOT NULL THEN
			INSERT INTO callback_bodies (audit_id, execution, content_type, body)
			SELECT entry_ids[b.i], parts[b.n], b.content_type, decode(b.body, 'base64')
			FROM json_to_recordset(p_bodies) AS b(i integer, n integer, content_type text, body text)
			WHERE parts[b.n] IS NOT NULL;
		END IF;
	END IF;

	result := json_build_object(
		'added', to_json(parts[1:array_length(parts, 1) - coalesce(array_length(p_ids, 1), 0)]),
		'stale', (SELECT json_agg(n) FROM unnest(parts) WITH ORDINALITY AS p(id, n) WHERE id IS NULL),
		'first', (SELECT min(id) FROM unnest(entry_ids) AS id), 'head', head_id, 'hash', head_hash
	);
	INSERT INTO receipts (slot, epoch, sequence, result) VALUES (p_slot, p_epoch, p_sequence, result);
	RETURN result;
END $$;
--> statement-breakpoint
-- Runs a statement that changes something besides executions. It takes the values as $1 and returns one JSON value. As with a batch,
-- a receiver that was replaced changes nothing, and the receipt resolves a lost response.
CREATE FUNCTION write_once(p_slot integer, p_epoch bigint, p_sequence bigint, p_statement text, p_values json)
RETURNS json LANGUAGE plpgsql AS $$
DECLARE
	result json;
BEGIN
	PERFORM 1 FROM receivers WHERE slot = p_slot AND epoch = p_epoch FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'another receiver has taken over slot %', p_slot USING ERRCODE = 'CX001';
	END IF;
	EXECUTE p_statement INTO result USING p_values;
	INSERT INTO receipts (slot, epoch, sequence, result) VALUES (p_slot, p_epoch, p_sequence, coalesce(result, 'null'));
	RETURN result;
END $$;
