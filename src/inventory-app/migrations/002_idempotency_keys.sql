-- What was created under an Idempotency-Key. No foreign key: the answer stays the same when the movie is gone.
CREATE TABLE idempotency_keys (
  key text PRIMARY KEY,
  fingerprint bytea NOT NULL,
  movie_id bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX idempotency_keys_created_at ON idempotency_keys (created_at);
