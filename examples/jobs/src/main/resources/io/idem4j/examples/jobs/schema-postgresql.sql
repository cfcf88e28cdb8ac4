CREATE TABLE IF NOT EXISTS scheduled_tasks (
  task_name TEXT NOT NULL,
  task_instance TEXT NOT NULL,
  task_data BYTEA,
  execution_time TIMESTAMPTZ NOT NULL,
  picked BOOLEAN NOT NULL,
  picked_by TEXT,
  last_success TIMESTAMPTZ,
  last_failure TIMESTAMPTZ,
  consecutive_failures INTEGER,
  last_heartbeat TIMESTAMPTZ,
  version BIGINT NOT NULL,
  PRIMARY KEY (task_name, task_instance)
);
CREATE INDEX IF NOT EXISTS scheduled_tasks_due ON scheduled_tasks (execution_time);
CREATE INDEX IF NOT EXISTS scheduled_tasks_alive ON scheduled_tasks (last_heartbeat);
CREATE TABLE IF NOT EXISTS orders (
  number VARCHAR(100) NOT NULL
);
CREATE TABLE IF NOT EXISTS outbox (
  place BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id UUID NOT NULL,
  text VARCHAR(1000) NOT NULL,
  sent BOOLEAN NOT NULL
);
CREATE INDEX IF NOT EXISTS outbox_unsent ON outbox (place) WHERE NOT sent;
