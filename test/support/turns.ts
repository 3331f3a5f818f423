import { expect } from "vitest";
import { newKeys, type Sent, type Table } from "./table.ts";

/** A table with a caller and three others in the pool. */
export interface Company {
  table: Table;
  caller: string;
  others: string[];
  /** Sends the caller's request twice; the pool must serve it, and the second turn cannot be the caller's as well. */
  expectPooled: (sent: Sent) => Promise<Response>;
  /** Sends the caller's request twice; only the caller's own key may be used. */
  expectPinned: (sent: Sent) => Promise<Response>;
}

export async function gather(table: Table): Promise<Company> {
  const [caller = "", ...others] = newKeys(4);
  await table.contribute(...others, caller);

  async function sendTwice(sent: Sent): Promise<{ response: Response; served: string[] }> {
    table.served();
    const first = await table.send({ key: caller, ...sent });
    await first.body?.cancel();
    const response = await table.send({ key: caller, ...sent });
    return { response, served: table.served() };
  }

  return {
    table,
    caller,
    others,
    async expectPooled(sent) {
      const { response, served } = await sendTwice(sent);
      expect(served.filter((key) => others.includes(key)).length).toBeGreaterThan(0);
      expect(served.filter((key) => ![caller, ...others].includes(key))).toEqual([]);
      return response;
    },
    async expectPinned(sent) {
      const { response, served } = await sendTwice(sent);
      expect(served).toEqual([caller, caller]);
      return response;
    },
  };
}
