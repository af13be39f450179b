CREATE TABLE `hive_gpus` (
	`hive_id` text NOT NULL,
	`model` text NOT NULL,
	`vendor` text NOT NULL,
	`vram_gb` integer NOT NULL,
	`n` integer NOT NULL,
	`devices_hash` integer NOT NULL,
	PRIMARY KEY(`model`, `hive_id`, `vendor`, `vram_gb`)
);
--> statement-breakpoint
CREATE INDEX `idx_hive_gpus_hive` ON `hive_gpus` (`hive_id`,`devices_hash`);--> statement-breakpoint
CREATE TABLE `hive_labels` (
	`hive_id` text NOT NULL,
	`key` text NOT NULL,
	`value` text NOT NULL,
	PRIMARY KEY(`key`, `value`, `hive_id`)
);
--> statement-breakpoint
CREATE INDEX `idx_hive_labels_hive` ON `hive_labels` (`hive_id`,`key`,`value`);