CREATE TABLE `sessions` (
	`cookie_hash` text PRIMARY KEY NOT NULL,
	`key_hash` text NOT NULL,
	`token_id` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	`expires_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `idx_sessions_token` ON `sessions` (`token_id`);--> statement-breakpoint
CREATE INDEX `idx_sessions_expires` ON `sessions` (`expires_at_ms`);--> statement-breakpoint
ALTER TABLE `tokens` ADD `expires_at_ms` integer;--> statement-breakpoint
ALTER TABLE `tokens` ADD `last_used_at_ms` integer;