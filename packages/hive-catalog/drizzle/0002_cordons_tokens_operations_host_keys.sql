CREATE TABLE `cordons` (
	`hive_id` text PRIMARY KEY NOT NULL,
	`reason` text NOT NULL,
	`until_ms` integer,
	`created_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `host_keys` (
	`host` text NOT NULL,
	`port` integer NOT NULL,
	`key_type` text NOT NULL,
	`public_key` text NOT NULL,
	`pinned_at_ms` integer NOT NULL,
	PRIMARY KEY(`host`, `port`, `key_type`)
);
--> statement-breakpoint
CREATE TABLE `operations` (
	`id` text PRIMARY KEY NOT NULL,
	`hive_id` text NOT NULL,
	`kind` text NOT NULL,
	`state` text NOT NULL,
	`owner` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	`deadline_ms` integer NOT NULL,
	`finished_at_ms` integer,
	`problem` text,
	`steps_json` text NOT NULL,
	`output_tail` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `idx_operations_hive` ON `operations` (`hive_id`);--> statement-breakpoint
CREATE UNIQUE INDEX `idx_operations_unfinished` ON `operations` (`hive_id`) WHERE finished_at_ms IS NULL;--> statement-breakpoint
CREATE TABLE `tokens` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`role` text NOT NULL,
	`hive_id` text,
	`hash` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	`revoked_at_ms` integer
);
--> statement-breakpoint
CREATE INDEX `idx_tokens_hive` ON `tokens` (`hive_id`) WHERE hive_id IS NOT NULL;