CREATE TABLE orders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id text NOT NULL CHECK (length(user_id) BETWEEN 1 AND 64),
  number_of_items int NOT NULL CHECK (number_of_items BETWEEN 1 AND 1000000),
  -- The upper bound keeps out NaN, which PostgreSQL sorts above every number.
  total_amount numeric(12, 2) NOT NULL CHECK (total_amount >= 0 AND total_amount < 10000000000),
  stored_at timestamptz(0) NOT NULL DEFAULT now(),
  -- What makes "exactly once" true: a redelivered order finds its row here.
  tracking_id uuid NOT NULL UNIQUE
);

CREATE INDEX orders_user_id ON orders (user_id);

-- Orders that can never be stored, for GET /api/billing/:tracking_id. The message itself is in the dead-letter queue.
CREATE TABLE rejections (
  tracking_id uuid PRIMARY KEY,
  user_id text,
  number_of_items text,
  total_amount text,
  reason text NOT NULL,
  rejected_at timestamptz(0) NOT NULL DEFAULT now()
);
