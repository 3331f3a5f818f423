CREATE TABLE `coolings` (
	`key_id` integer NOT NULL,
	`model` text NOT NULL,
	`until` integer NOT NULL,
	`kind` text NOT NULL,
	`step` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`key_id`, `model`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `coolings_by_end` ON `coolings` (`until`);--> statement-breakpoint
CREATE TABLE `cursors` (
	`model` text PRIMARY KEY NOT NULL,
	`position` integer NOT NULL,
	`blocked_until` integer
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `keys` (
	`id` integer PRIMARY KEY NOT NULL,
	`fingerprint` text NOT NULL,
	`ciphertext` text,
	`secret_id` text DEFAULT '' NOT NULL,
	`last_four` text NOT NULL,
	`status` text NOT NULL,
	`reason` text,
	`status_changed_at` integer NOT NULL,
	`contributed_at` integer NOT NULL,
	`last_seen_at` integer NOT NULL,
	`last_used_at` integer,
	`uses` integer DEFAULT 0 NOT NULL,
	`resting_until` integer,
	`rest_step` integer DEFAULT 0 NOT NULL,
	`strikes` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `keys_fingerprint_unique` ON `keys` (`fingerprint`);--> statement-breakpoint
CREATE INDEX `keys_leasable` ON `keys` (`id`) WHERE status = 'active' and resting_until is null;--> statement-breakpoint
CREATE INDEX `keys_resting` ON `keys` (`resting_until`) WHERE resting_until is not null;--> statement-breakpoint
CREATE TABLE `stretches` (
	`model` text NOT NULL,
	`from_id` integer NOT NULL,
	`to_id` integer NOT NULL,
	`until` integer NOT NULL,
	PRIMARY KEY(`model`, `from_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `totals` (
	`id` integer PRIMARY KEY NOT NULL,
	`active` integer NOT NULL,
	`retired` integer NOT NULL,
	`withdrawn` integer NOT NULL
);
