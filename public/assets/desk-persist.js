// Goes on with a long work by itself where a step failed for a reason that may pass.

import { Passing } from "./desk-call.js";

/** How long to wait before each further try: half a minute in all. A deployment, or a change of network, is over then. */
const WAITS_S = [1, 2, 4, 8, 16];

/** A server that asks for more than this is not waited for; the operator goes on when it is time. */
const MAX_WAIT_S = 60;

/** @typedef {{ why: string, seconds: number, attempt: number, most: number }} Wait */

/**
 * Does a step, and the same again where its failure may pass. Only for steps that may be done twice: an answer that was
 * lost does not tell whether the step was done. Undefined where the operator stopped it; throws the last failure.
 * @template Answer
 * @param {() => Promise<Answer>} step
 * @param {AbortSignal} stopped
 * @param {(wait: Wait) => void} onWait
 * @returns {Promise<Answer | undefined>}
 */
export async function persist(step, stopped, onWait) {
  for (let tries = 0; ; tries++) {
    try {
      return await step();
    } catch (error) {
      const pause = WAITS_S[tries];
      if (!(error instanceof Passing) || pause === undefined || error.retryAfterS > MAX_WAIT_S) throw error;
      const seconds = Math.max(pause, error.retryAfterS);
      onWait({ why: error.message, seconds, attempt: tries + 1, most: WAITS_S.length });
      await pass(seconds, stopped);
      if (stopped.aborted) return undefined;
    }
  }
}

/**
 * @param {string} template
 * @param {string} noAnswer What is said where nobody said why.
 * @param {Wait} wait
 */
export function tellWait(template, noAnswer, { why, seconds, attempt, most }) {
  return template
    .replace("{why}", () => why || noAnswer)
    .replace("{seconds}", String(seconds))
    .replace("{attempt}", String(attempt))
    .replace("{most}", String(most));
}

/**
 * @param {number} seconds
 * @param {AbortSignal} stopped
 * @returns {Promise<void>}
 */
function pass(seconds, stopped) {
  return new Promise((resolve) => {
    if (stopped.aborted) return resolve();
    const timer = setTimeout(resolve, seconds * 1000);
    stopped.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
