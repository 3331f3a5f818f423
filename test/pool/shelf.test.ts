import { describe, expect, it } from "vitest";
import { ApiKey } from "../../src/api-key.ts";
import type { LeasedKey } from "../../src/pool/leased-key.ts";
import { Shelf } from "../../src/pool/shelf.ts";

const MOST = 32;
const SETTINGS = { leaseMax: MOST };
const NOW = 1000;
const LATER = 2000;

const turn = (id: number): LeasedKey => ({ id, key: new ApiKey(`key-${id}`), blemished: false });
const turns = (count: number) => Array.from({ length: count }, (_, at) => turn(at + 1));
const anyKey = () => true;

function fill(shelf: Shelf, count = shelf.nextCount): number {
  shelf.beginFill(count)(turns(count), LATER);
  return count;
}

function takeAll(shelf: Shelf): number[] {
  const ids: number[] = [];
  for (let taken = shelf.take(NOW, anyKey); taken !== undefined; taken = shelf.take(NOW, anyKey)) ids.push(taken.id);
  return ids;
}

describe("a shelf of leased turns", () => {
  it("hands them out in order", () => {
    const shelf = new Shelf(SETTINGS);
    fill(shelf, 3);
    expect(takeAll(shelf)).toEqual([1, 2, 3]);
  });

  it("asks for 1, then 2, 4, 8 … up to the most", () => {
    const shelf = new Shelf(SETTINGS);
    const counts: number[] = [];
    for (let at = 0; at < 8; at++) {
      counts.push(fill(shelf));
      takeAll(shelf);
    }
    expect(counts).toEqual([1, 2, 4, 8, 16, 32, 32, 32]);
  });

  it("asks for as many at once as requests wait, less what is coming", () => {
    const shelf = new Shelf(SETTINGS);
    for (let at = 0; at < 20; at++) shelf.queue.join(anyKey);
    expect(shelf.nextCount).toBe(20);
    shelf.beginFill(15);
    expect(shelf.nextCount).toBe(5);
    expect(shelf.countForWaiting).toBe(5);
    for (let at = 0; at < 100; at++) shelf.queue.join(anyKey);
    expect(shelf.nextCount).toBe(MOST);
  });

  it("wants as many leases at a time as those who wait need, up to a limit", () => {
    const shelf = new Shelf(SETTINGS);
    expect(shelf.wantsMore()).toBe(false);
    shelf.queue.join(anyKey);
    expect(shelf.wantsMore()).toBe(true);
    const endFill = shelf.beginFill(1);
    expect(shelf.wantsMore()).toBe(false);
    for (let at = 0; at < 500; at++) shelf.queue.join(anyKey);
    let fills = 1;
    for (; shelf.wantsMore(); fills++) shelf.beginFill(shelf.nextCount);
    expect(fills).toBe(4);
    endFill([], LATER);
    expect(shelf.wantsMore()).toBe(true);
  });

  it("follows a most that changes while it runs", () => {
    const settings = { leaseMax: 4 };
    const shelf = new Shelf(settings);
    for (let at = 0; at < 6; at++) fill(shelf);
    expect(shelf.nextCount).toBe(4);
    settings.leaseMax = 8;
    fill(shelf);
    expect(shelf.nextCount).toBe(8);
    settings.leaseMax = 2;
    expect(shelf.nextCount).toBe(2);
  });

  it("begins slowly again after turns went to waste", () => {
    const shelf = new Shelf(SETTINGS);
    for (let at = 0; at < 4; at++) fill(shelf);
    expect(shelf.take(LATER, anyKey)).toBeUndefined();
    expect(shelf.nextCount).toBe(1);
  });

  it("hands out no turn past its time, although one that lives longer stands before it", () => {
    const shelf = new Shelf(SETTINGS);
    shelf.beginFill(2)([turn(1), turn(2)], LATER + 1);
    shelf.beginFill(2)([turn(3), turn(4)], LATER);
    shelf.beginFill(1)([turn(5)], LATER + 1);
    expect(shelf.take(LATER, ({ id }) => id > 2)?.id).toBe(5);
    expect(takeAll(shelf)).toEqual([1, 2]);
  });

  it("is idle once its turns have expired, whoever looks", () => {
    const shelf = new Shelf(SETTINGS);
    fill(shelf, 3);
    shelf.dropExpired(LATER - 1);
    expect(shelf.isIdle).toBe(false);
    shelf.dropExpired(LATER);
    expect(shelf.isIdle).toBe(true);
  });

  it("keeps for others what one request may not use", () => {
    const shelf = new Shelf(SETTINGS);
    fill(shelf, 3);
    expect(shelf.take(NOW, ({ id }) => id !== 1)?.id).toBe(2);
    expect(takeAll(shelf)).toEqual([1, 3]);
  });

  it("drops every turn of a key that left the pool", () => {
    const shelf = new Shelf(SETTINGS);
    shelf.beginFill(4)([turn(1), turn(2), turn(1), turn(3)], LATER);
    shelf.drop(1);
    expect(takeAll(shelf)).toEqual([2, 3]);
  });

  it("wants a refill before it is empty, once it is busy, and not twice for the same need", () => {
    const shelf = new Shelf(SETTINGS);
    expect(shelf.wantsRefill()).toBe(false);
    for (let at = 0; at < 4; at++) {
      fill(shelf);
      takeAll(shelf);
    }
    fill(shelf);
    expect(shelf.wantsRefill()).toBe(false);
    while (!shelf.wantsRefill()) if (shelf.take(NOW, anyKey) === undefined) throw new Error("empty, and no refill");
    shelf.beginFill(shelf.nextCount);
    expect(shelf.wantsRefill()).toBe(false);
  });

  it("leases ahead on top of what those who wait will take", () => {
    const shelf = new Shelf(SETTINGS);
    for (let at = 0; at < 6; at++) fill(shelf);
    takeAll(shelf);
    fill(shelf);
    expect(shelf.wantsRefill()).toBe(false);
    for (let at = 0; at < 30; at++) shelf.queue.join(() => false);
    expect(shelf.wantsRefill()).toBe(true);
  });

  it("is idle with nothing on it and nothing on its way", () => {
    const shelf = new Shelf(SETTINGS);
    expect(shelf.isIdle).toBe(true);
    const endFill = shelf.beginFill(1);
    expect(shelf.isIdle).toBe(false);
    endFill([], LATER);
    expect(shelf.isIdle).toBe(true);
  });
});
