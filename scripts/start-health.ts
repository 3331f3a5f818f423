/** Exits with 0 if the server of `pnpm start` on this machine can use its pool; for a container's health check. */

import { askHealth } from "./lib/health.ts";

const health = await askHealth(`http://127.0.0.1:${process.env["PORT"] ?? "8787"}`);
console.log(health.kind);
process.exit(health.kind === "ok" ? 0 : 1);
