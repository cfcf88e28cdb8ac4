CREATE TABLE IF NOT EXISTS scheduled_tasks (
  task_name VARCHAR(100) NOT NULL,
  task_instance VARCHAR(255) NOT NULL,
  task_data VARBINARY,
  execution_time TIMESTAMP(6) WITH TIME ZONE NOT NULL,
  picked BOOLEAN NOT NULL,
  picked_by VARCHAR(100),
  last_success TIMESTAMP(6) WITH TIME ZONE,
  last_failure TIMESTAMP(6) WITH TIME ZONE,
  consecutive_failures INTEGER,
  last_heartbeat TIMESTAMP(6) WITH TIME ZONE,
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
CREATE INDEX IF NOT EXISTS outbox_unsent ON outbox (sent, place);
