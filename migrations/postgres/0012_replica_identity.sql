-- Lowest schema that may serve: 4
--
-- The one table without a primary key: in a publication of all tables, PostgreSQL would refuse each deletion in it.
ALTER TABLE rollup_rows REPLICA IDENTITY FULL;
