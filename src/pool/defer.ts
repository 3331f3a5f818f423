/** Hands work to the runtime that outlives the answer (`ctx.waitUntil`). */
export type Defer = (work: Promise<unknown>) => void;
