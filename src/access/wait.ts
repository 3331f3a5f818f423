/** Hands work to the runtime that outlives the answer (`ctx.waitUntil`). */
export type Defer = (work: Promise<unknown>) => void;

/** The result of a question to D1, or an error within the time that a request may wait for it. */
export type Wait = <T>(ask: () => Promise<T>) => Promise<T>;
