-- Limits and live state of all receivers together. Limits are verified where executions are accepted, without a row that each
-- acceptance updates: while another session holds an old snapshot, updates of one row become slower and slower.

-- Verifies the bounds of the queue after `apply_batch` has added executions, in the same statement: raises CX003, so that nothing of the
-- batch is written, if more are queued than a bound allows. It holds the lock of the chain, so that batches are verified one after the
-- other. Each entry of the trail puts one execution into the queue at most. Therefore it counts only when the count that the receiver
-- knows, as of the entry `head`, with all entries since, could exceed the bound.
CREATE FUNCTION within_queue(p_result json, p_bounds json) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
	bound record;
	queued bigint;
BEGIN
	FOR bound IN SELECT * FROM json_to_recordset(p_bounds) AS b(app text, capacity bigint, added bigint, counted bigint, head bigint)
	LOOP
		CONTINUE WHEN bound.counted + ((p_result ->> 'first')::bigint - 1 - bound.head) + bound.added <= bound.capacity;
		IF bound.app IS NULL THEN
			SELECT count(*) INTO queued FROM (
				SELECT 1 FROM work WHERE dispatch_at IS NOT NULL LIMIT bound.capacity + 1) AS q;
		ELSE
			SELECT count(*) INTO queued FROM (
				SELECT 1 FROM work WHERE dispatch_at IS NOT NULL AND app = bound.app LIMIT bound.capacity + 1) AS q;
		END IF;
		IF queued > bound.capacity THEN
			RAISE EXCEPTION 'the queue is full' USING ERRCODE = 'CX003';
		END IF;
	END LOOP;
	RETURN p_result;
END $$;
--> statement-breakpoint
-- Verifies that each Idempotency-Key stands for one request after `apply_batch` has added executions, in the same statement: raises
-- CX002, so that nothing of the batch is written, if a name in one of the ranges is stored. They hold the names of all other requests
-- under the keys of the batch. `apply_batch` holds the lock of the chain, so that what another receiver has added is visible here.
CREATE FUNCTION one_request_per_key(p_result json, p_ranges json) RETURNS json LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (
		SELECT 1 FROM json_to_recordset(p_ranges) AS g(app text, "from" text, "to" text) CROSS JOIN LATERAL (
			SELECT 1 FROM execution_rows AS r
			WHERE r.app = g.app AND r.idempotency_key >= g."from" COLLATE "C" AND r.idempotency_key < g."to" COLLATE "C" LIMIT 1) AS other
	) THEN
		RAISE EXCEPTION 'another request has taken a key of the batch' USING ERRCODE = 'CX002';
	END IF;
	RETURN p_result;
END $$;
--> statement-breakpoint
-- The submissions that each app with a rate may still make now, by the clock of the database. A full page of a row leaves room, so that
-- its updates are HOT. A crash of the server may forget the last ones.
CREATE TABLE submission_rates (
	app text COLLATE "C" PRIMARY KEY,
	level double precision NOT NULL,
	at timestamptz NOT NULL
) WITH (fillfactor = 10);
--> statement-breakpoint
-- Takes from the bucket of an app what each request submits, in their order: a request is admitted while one submission is left, and a
-- batch may leave a debt. Returns how many requests are admitted, the first ones, and the level afterwards.
CREATE FUNCTION take_submissions(p_app text, p_rate double precision, p_counts integer[]) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
	bucket submission_rates%ROWTYPE;
	now_at timestamptz;
	admitted integer := 0;
	taken integer := 0;
BEGIN
	INSERT INTO submission_rates (app, level, at) VALUES (p_app, p_rate, clock_timestamp()) ON CONFLICT DO NOTHING;
	SELECT * INTO bucket FROM submission_rates WHERE app = p_app FOR NO KEY UPDATE;
	now_at := greatest(clock_timestamp(), bucket.at);
	bucket.level := least(p_rate, bucket.level + extract(epoch FROM now_at - bucket.at) * p_rate);
	WHILE admitted < array_length(p_counts, 1) AND bucket.level >= 1 - 1e-6 LOOP
		admitted := admitted + 1;
		bucket.level := bucket.level - p_counts[admitted];
		taken := taken + p_counts[admitted];
	END LOOP;
	IF taken > 0 THEN
		UPDATE submission_rates SET level = bucket.level, at = now_at WHERE app = p_app;
	END IF;
	RETURN json_build_object('admitted', admitted, 'level', bucket.level);
END $$;
--> statement-breakpoint
-- What the leader knows of CXone and of endpoints, in its memory, for the pages and the API of the other receivers. It is written at
-- most once a second.
CREATE TABLE leader_state (
	id smallint PRIMARY KEY CHECK (id = 1),
	at timestamptz NOT NULL,
	state json NOT NULL
) WITH (fillfactor = 10);
--> statement-breakpoint
-- What operators order at other receivers and only the leader can do. A row is removed soon after.
CREATE TABLE leader_orders (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	given_at timestamptz NOT NULL,
	kind text NOT NULL,
	body json NOT NULL,
	taken_at timestamptz,
	done_at timestamptz,
	result json
);
--> statement-breakpoint
-- The newest reports of reconciliations.
CREATE TABLE reconciliation_reports (
	id text COLLATE "C" PRIMARY KEY,
	-- False while it runs.
	has_ended boolean NOT NULL,
	report json NOT NULL
) WITH (fillfactor = 50);
