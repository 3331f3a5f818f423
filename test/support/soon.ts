import { vi } from "vitest";

/** Until this holds; fails with the last reason if it never does. For what happens in the background, soon but not now. */
export function soon(check: () => unknown): Promise<void> {
  return vi.waitFor(async () => void (await check()), { timeout: 15_000, interval: 2 });
}
