import type { ApiKey } from "../api-key.ts";

/** A key of the pool, opened, for one attempt. */
export interface LeasedKey {
  id: number;
  key: ApiKey;
  /** It carries marks that its next success should wipe. */
  blemished: boolean;
}
