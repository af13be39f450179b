CREATE TABLE `revisions` (
	`name` text PRIMARY KEY NOT NULL,
	`revision` text NOT NULL
);
--> statement-breakpoint
ALTER TABLE `operations` ADD `hive_removed_at_ms` integer;--> statement-breakpoint
CREATE INDEX `idx_operations_hive_removed` ON `operations` (`hive_removed_at_ms`) WHERE hive_removed_at_ms IS NOT NULL;--> statement-breakpoint
CREATE INDEX `idx_tokens_revoked` ON `tokens` (`revoked_at_ms`) WHERE revoked_at_ms IS NOT NULL;--> statement-breakpoint
UPDATE `operations` SET `state` = 'interrupted', `problem` = 'the hive was removed', `finished_at_ms` = CAST(unixepoch('subsec') * 1000 AS INTEGER)
	WHERE `finished_at_ms` IS NULL AND (NOT EXISTS (SELECT 1 FROM `hives` WHERE `id` = `hive_id`)
		OR EXISTS (SELECT 1 FROM `hives` WHERE `id` = `hive_id` AND typeof(`hives`.`created_at_ms`) = 'integer' AND `hives`.`created_at_ms` > `operations`.`created_at_ms`));--> statement-breakpoint
UPDATE `operations` SET `hive_removed_at_ms` = CAST(unixepoch('subsec') * 1000 AS INTEGER)
	WHERE NOT EXISTS (SELECT 1 FROM `hives` WHERE `id` = `hive_id`);
