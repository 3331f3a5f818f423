-- Written by hand: drizzle-kit knows no triggers. They keep `totals` true whoever writes to `keys`.
INSERT INTO `totals` (`id`, `active`, `retired`, `withdrawn`) VALUES (1, 0, 0, 0);--> statement-breakpoint
INSERT INTO `cursors` (`model`, `position`) VALUES ('*', 0);--> statement-breakpoint
CREATE TRIGGER `totals_on_insert` AFTER INSERT ON `keys` BEGIN
	UPDATE `totals` SET
		`active` = `active` + (new.`status` = 'active'),
		`retired` = `retired` + (new.`status` = 'retired'),
		`withdrawn` = `withdrawn` + (new.`status` = 'withdrawn');
END;--> statement-breakpoint
CREATE TRIGGER `totals_on_status` AFTER UPDATE OF `status` ON `keys` WHEN old.`status` <> new.`status` BEGIN
	UPDATE `totals` SET
		`active` = `active` + (new.`status` = 'active') - (old.`status` = 'active'),
		`retired` = `retired` + (new.`status` = 'retired') - (old.`status` = 'retired'),
		`withdrawn` = `withdrawn` + (new.`status` = 'withdrawn') - (old.`status` = 'withdrawn');
END;--> statement-breakpoint
CREATE TRIGGER `totals_on_delete` AFTER DELETE ON `keys` BEGIN
	UPDATE `totals` SET
		`active` = `active` - (old.`status` = 'active'),
		`retired` = `retired` - (old.`status` = 'retired'),
		`withdrawn` = `withdrawn` - (old.`status` = 'withdrawn');
END;
