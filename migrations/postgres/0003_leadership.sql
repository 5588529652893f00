-- Which receiver leads: one row. Every receiver serves; the leader alone sends, polls, ends what is due, notifies and prunes.
CREATE TABLE leadership (
	id smallint PRIMARY KEY CHECK (id = 1),
	-- Raised when another receiver becomes the leader.
	term bigint NOT NULL,
	slot integer NOT NULL,
	since timestamptz NOT NULL
);
