import type { D1Migration } from "@cloudflare/vitest-plugin";

declare global {
  namespace Cloudflare {
    interface Env {
      DB: D1Database;
      EGRESS_RELAY: DurableObjectNamespace;
      FAIR_SHARE: RateLimit;
      NEW_KEYS: RateLimit;
      TEST_MIGRATIONS: D1Migration[];
      POOL_SECRET: string;
    }
  }
}
