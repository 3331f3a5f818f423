import { describe, expect, it } from "vitest";
import { ApiKey } from "../../src/api-key.ts";
import { Queue } from "../../src/pool/queue.ts";
import type { LeasedKey } from "../../src/pool/leased-key.ts";

const turn = (id: number): LeasedKey => ({ id, key: new ApiKey(`key-${id}`), blemished: false });
const anyKey = () => true;

/** Hands out the turns in order, each to the first who may use it. */
function from(turns: LeasedKey[]) {
  return (usable: (key: LeasedKey) => boolean) => {
    const index = turns.findIndex(usable);
    return index === -1 ? undefined : turns.splice(index, 1)[0];
  };
}

describe("those who wait", () => {
  it("are served first come first served, and the rest go on waiting", async () => {
    const queue = new Queue();
    const [first, second, third] = [queue.join(anyKey), queue.join(anyKey), queue.join(anyKey)];
    queue.serve(from([turn(1), turn(2)]));
    expect(await first.hear()).toMatchObject({ kind: "turn", key: { id: 1 } });
    expect(await second.hear()).toMatchObject({ kind: "turn", key: { id: 2 } });
    expect(queue.length).toBe(1);
    queue.serve(from([turn(3)]));
    expect(await third.hear()).toMatchObject({ kind: "turn", key: { id: 3 } });
  });

  it("get no key that they cannot use, and hold up nobody behind them", async () => {
    const queue = new Queue();
    const picky = queue.join(({ id }) => id !== 1);
    const other = queue.join(anyKey);
    queue.serve(from([turn(1)]));
    expect(await other.hear()).toMatchObject({ key: { id: 1 } });
    queue.serve(from([turn(2)]));
    expect(await picky.hear()).toMatchObject({ key: { id: 2 } });
  });

  it("are asked to lease more from the first on, and keep their place", async () => {
    const queue = new Queue();
    const [first, second] = [queue.join(anyKey), queue.join(anyKey)];
    queue.ring(1);
    expect(await first.hear()).toBeUndefined();
    queue.serve(from([turn(1), turn(2)]));
    expect(await first.hear()).toMatchObject({ key: { id: 1 } });
    expect(await second.hear()).toMatchObject({ key: { id: 2 } });
  });

  it("miss no turn that comes between being asked and listening again", async () => {
    const queue = new Queue();
    const waiter = queue.join(anyKey);
    queue.ring(1);
    queue.serve(from([turn(1)]));
    expect(await waiter.hear()).toMatchObject({ key: { id: 1 } });
  });

  it("all learn that there is nothing, or why it was not to be learnt", async () => {
    const queue = new Queue();
    const [one, other] = [queue.join(anyKey), queue.join(anyKey)];
    const error = new Error("D1 is down");
    queue.dismiss({ kind: "failed", error });
    expect(await Promise.all([one.hear(), other.hear()])).toEqual([
      { kind: "failed", error },
      { kind: "failed", error },
    ]);
    expect(queue.length).toBe(0);
  });

  it("are served no more once they have left", async () => {
    const queue = new Queue();
    const gone = queue.join(anyKey);
    const other = queue.join(anyKey);
    queue.leave(gone);
    queue.serve(from([turn(1)]));
    expect(await gone.hear()).toEqual({ kind: "nothing" });
    expect(await other.hear()).toMatchObject({ key: { id: 1 } });
  });
});
