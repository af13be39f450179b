CREATE TABLE `revisions` (
	`name` text PRIMARY KEY NOT NULL,
	`revision` integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE `operations` ADD `hive_removed_at_ms` integer;--> statement-breakpoint
CREATE INDEX `idx_operations_hive_removed` ON `operations` (`hive_removed_at_ms`) WHERE hive_removed_at_ms IS NOT NULL;--> statement-breakpoint
CREATE INDEX `idx_tokens_revoked` ON `tokens` (`revoked_at_ms`) WHERE revoked_at_ms IS NOT NULL;