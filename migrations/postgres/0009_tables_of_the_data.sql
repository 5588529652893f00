-- Lowest schema that may serve: 4
--
-- The tables in which the data was written, behind the server and the database. A dump that is restored creates them again, also in the
-- database of which it was made. Receivers of the version before note the server and the database alone.
ALTER TABLE database_identity ADD COLUMN tables text;
