CREATE TABLE IF NOT EXISTS `hives` (
	`id` text PRIMARY KEY NOT NULL,
	`host` text NOT NULL,
	`port` integer NOT NULL,
	`ssh_host` text,
	`ssh_port` integer,
	`ssh_user` text,
	`status` text DEFAULT 'unknown' NOT NULL,
	`last_heartbeat_ms` integer,
	`devices_json` text,
	`created_at_ms` integer NOT NULL,
	`updated_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS `idx_hives_status` ON `hives` (`status`);--> statement-breakpoint
CREATE INDEX IF NOT EXISTS `idx_hives_heartbeat` ON `hives` (`last_heartbeat_ms`);