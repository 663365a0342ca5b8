CREATE TABLE movies (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  title text NOT NULL,
  description text NOT NULL
);

-- Serves ILIKE '%…%'. A trusted extension: the database's owner may create it.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- Without fastupdate a search never has to read through a list of pending entries.
CREATE INDEX movies_title_trigrams ON movies USING gin (title gin_trgm_ops) WITH (fastupdate = off);
