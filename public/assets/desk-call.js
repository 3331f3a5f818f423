// One step of a long work, asked of the desk's JSON API by a page of the desk.

/** The session is over, or another has taken its place: only a sign-in helps. */
export class SignedOut extends Error {}

/** Nobody answered, or in a way that may be another in a moment. What was asked for may have been done. */
export class Passing extends Error {
  /**
   * @param {string} message
   * @param {number} retryAfterS What the answer asked to wait; 0 where it did not.
   */
  constructor(message, retryAfterS) {
    super(message);
    this.retryAfterS = retryAfterS;
  }
}

/**
 * Throws {@link SignedOut}, {@link Passing}, or an `Error` that stays; with what the desk said, without words where
 * nothing of the desk's arrived.
 * @param {string} path
 * @param {object} body
 * @param {string} csrf
 */
export async function call(path, body, csrf) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", "x-csrf-token": csrf },
    body: JSON.stringify(body),
  }).catch(() => undefined);
  if (response?.status === 401 || response?.status === 403) throw new SignedOut();
  // Between the desk and here others answer as well, with pages of their own; and an answer may break off.
  const answer = await response?.json().catch(() => undefined);
  if (response?.ok && answer !== undefined) return answer;
  const words = answer?.error?.message ?? statusOf(response);
  const isPassing = response === undefined || response.ok || response.status === 429 || response.status >= 500;
  throw isPassing ? new Passing(words, retryAfterOf(response)) : new Error(words);
}

/** Where to sign in, and come back here. */
export function signInPath() {
  return `/admin/sign-in?to=${encodeURIComponent(location.pathname + location.search)}`;
}

/** @param {Response | undefined} response */
function statusOf(response) {
  return response === undefined ? "" : `HTTP ${response.status}`;
}

/** @param {Response | undefined} response */
function retryAfterOf(response) {
  const seconds = Number(response?.headers.get("retry-after") ?? 0);
  return Number.isFinite(seconds) && seconds > 0 ? Math.ceil(seconds) : 0;
}
