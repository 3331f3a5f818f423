-- Written by hand: drizzle-kit knows no triggers. Nothing is ever stored in `leases`. What a lease inserts there moves
-- the cursor and comes back by RETURNING, so that one statement walks the ring once (src/db/lease-statements.ts).
CREATE VIEW `leases` AS SELECT NULL AS `cursor`, NULL AS `last`, NULL AS `turns`, NULL AS `active` WHERE 0;--> statement-breakpoint
CREATE TRIGGER `leases_move_the_cursor` INSTEAD OF INSERT ON `leases` WHEN new.`last` IS NOT NULL BEGIN
	UPDATE `cursors` SET `position` = new.`last` WHERE `model` = new.`cursor`;
END;
