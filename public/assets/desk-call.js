// One step of a long work, asked of the desk's JSON API by a page of the desk.

/** The session is over, or another has taken its place: only a sign-in helps. */
export class SignedOut extends Error {}

/**
 * Throws {@link SignedOut}, or an `Error` with what the desk said; without words where nothing of the desk's arrived.
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
  // Between the desk and here others answer as well, with pages of their own.
  const answer = await response?.json().catch(() => undefined);
  if (!response?.ok || answer === undefined) throw new Error(answer?.error?.message ?? statusOf(response));
  return answer;
}

/** Where to sign in, and come back here. */
export function signInPath() {
  return `/admin/sign-in?to=${encodeURIComponent(location.pathname + location.search)}`;
}

/** @param {Response | undefined} response */
function statusOf(response) {
  return response === undefined ? "" : `HTTP ${response.status}`;
}
