import type { ApiKey } from "../api-key.ts";
import { withoutTellingRedirect } from "../upstream/redirect.ts";
import type { GuestCall, Relayed, RelayOptions } from "./call.ts";
import { noteIfFailed } from "./failure.ts";
import { takeTurns } from "./turns.ts";

/** A key of the pool that alone can serve a request: what it asks for lies in that key's project. */
export interface Holder {
  id: number;
  key: ApiKey;
}

export type GuestRelay = ReturnType<typeof createGuestRelay>;

/** The way of requests whose callers bring no key of their own. */
export function createGuestRelay(options: RelayOptions) {
  return {
    /**
     * By the pool's next keys, as a member's request would be, without the last try on an own key: what that one would
     * settle is answered as the pool's key got it. Undefined if no key is ready.
     */
    byPool: (call: GuestCall): Promise<Relayed | undefined> =>
      takeTurns(call, undefined, { mayUsePool: true, attemptsBefore: 0 }, options),

    /** By one key alone; the pool is neither asked nor told. */
    async byHolder(call: GuestCall, { id, key }: Holder): Promise<Relayed> {
      const { settings, forward, forwardUnstored, noteFailure } = options;
      const send = settings.PROMPT_STORE === "never" ? forwardUnstored : forward;
      const answer = withoutTellingRedirect(await send(call.outgoing, key), call.outgoing, key);
      noteIfFailed(answer, { key, keyId: id }, call, noteFailure);
      return { answer, servedBy: "pool", key, attempts: 1, contributed: false };
    },
  };
}
