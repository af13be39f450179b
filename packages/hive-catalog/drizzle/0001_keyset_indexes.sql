DROP INDEX `idx_hives_status`;--> statement-breakpoint
CREATE INDEX `idx_hives_status_id` ON `hives` (`status`,`id`);--> statement-breakpoint
CREATE INDEX `idx_hives_without_devices` ON `hives` (`id`) WHERE devices_json IS NULL;