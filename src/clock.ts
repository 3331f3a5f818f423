/** Tells the time in epoch milliseconds. In production it stands still between I/O events. */
export type Clock = () => number;

/** Waits; resolves after `ms` milliseconds. */
export type Sleep = (ms: number) => Promise<void>;

export const systemClock: Clock = () => Date.now();

export const systemSleep: Sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
