import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";

// The files of a run share their workerd (see vitest.config.ts), but not what one of them wrote.
await reset();
await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
