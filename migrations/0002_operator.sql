CREATE TABLE `activity` (
	`span` integer NOT NULL,
	`start_at` integer NOT NULL,
	`model` text NOT NULL,
	`requests` integer DEFAULT 0 NOT NULL,
	`served` integer DEFAULT 0 NOT NULL,
	`served_by_pool` integer DEFAULT 0 NOT NULL,
	`caller_faults` integer DEFAULT 0 NOT NULL,
	`retries` integer DEFAULT 0 NOT NULL,
	`latency_ms` integer DEFAULT 0 NOT NULL,
	`within_500` integer DEFAULT 0 NOT NULL,
	`within_1000` integer DEFAULT 0 NOT NULL,
	`within_2500` integer DEFAULT 0 NOT NULL,
	`within_5000` integer DEFAULT 0 NOT NULL,
	`within_10000` integer DEFAULT 0 NOT NULL,
	`within_30000` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`span`, `start_at`, `model`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `failures` (
	`id` integer PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`key_id` integer,
	`token_id` integer,
	`model` text,
	`verdict` text NOT NULL,
	`status` integer,
	`message` text
);
--> statement-breakpoint
CREATE TABLE `key_counts` (
	`start_at` integer PRIMARY KEY NOT NULL,
	`active` integer NOT NULL,
	`cooling` integer NOT NULL,
	`retired` integer NOT NULL,
	`withdrawn` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `key_models` (
	`key_id` integer NOT NULL,
	`model` text NOT NULL,
	`uses` integer DEFAULT 0 NOT NULL,
	`errors` integer DEFAULT 0 NOT NULL,
	`last_at` integer NOT NULL,
	PRIMARY KEY(`key_id`, `model`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `sessions` (
	`id` text PRIMARY KEY NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `settings_overrides` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL,
	`changed_at` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `sign_in_failures` (
	`address` text PRIMARY KEY NOT NULL,
	`window_start` integer NOT NULL,
	`failures` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `token_resources` (
	`token_id` integer NOT NULL,
	`resource` text NOT NULL,
	`key_id` integer NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`token_id`, `resource`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `token_resources_by_age` ON `token_resources` (`created_at`);--> statement-breakpoint
CREATE TABLE `tokens` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`hash` text NOT NULL,
	`name` text NOT NULL,
	`last_four` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`revoked_at` integer,
	`models` text,
	`request_limit` integer,
	`limit_period` text DEFAULT 'total' NOT NULL,
	`used` integer DEFAULT 0 NOT NULL,
	`period_start` integer DEFAULT 0 NOT NULL,
	`uses` integer DEFAULT 0 NOT NULL,
	`last_used_at` integer,
	`home_key_id` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `tokens_hash_unique` ON `tokens` (`hash`);--> statement-breakpoint
CREATE INDEX `tokens_by_home_key` ON `tokens` (`home_key_id`);--> statement-breakpoint
ALTER TABLE `keys` ADD `origin` text DEFAULT 'contributed' NOT NULL;--> statement-breakpoint
ALTER TABLE `keys` ADD `errors` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `keys` ADD `words` text;--> statement-breakpoint
ALTER TABLE `keys` ADD `note` text;--> statement-breakpoint
ALTER TABLE `keys` ADD `recheck_at` integer;--> statement-breakpoint
ALTER TABLE `keys` ADD `rechecks` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `keys_to_recheck` ON `keys` (`recheck_at`) WHERE recheck_at is not null;--> statement-breakpoint
CREATE INDEX `keys_out` ON `keys` (`status`,`id`) WHERE status <> 'active';--> statement-breakpoint
CREATE INDEX `keys_by_last_four` ON `keys` (`last_four`) WHERE last_four <> '';