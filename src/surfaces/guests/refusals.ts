import { problemResponse, type Dialect, type Problem } from "../../problem.ts";

/** The answers for bearers of access tokens that are no answer of Google's. */

function refuse(problem: Problem, dialect: Dialect, retryAfterMs?: number): Response {
  const response = problemResponse(problem, dialect);
  if (retryAfterMs !== undefined) {
    response.headers.set("retry-after", String(Math.max(1, Math.ceil(retryAfterMs / 1000))));
  }
  return response;
}

export function unknownToken(dialect: Dialect): Response {
  const message = "This access token is unknown, expired or revoked. Ask this pool's operator for another.";
  return refuse({ code: 401, status: "UNAUTHENTICATED", message }, dialect);
}

export function usedUp(retryAfterMs: number | undefined, dialect: Dialect): Response {
  const message = "This access token has no requests left in its limit.";
  return refuse({ code: 429, status: "RESOURCE_EXHAUSTED", message }, dialect, retryAfterMs);
}

export function databaseDown(dialect: Dialect): Response {
  const message = "The pool's database does not answer. Please try again.";
  return refuse({ code: 503, status: "UNAVAILABLE", message }, dialect, 5000);
}

export function emptyPool(dialect: Dialect): Response {
  const message = "The pool has no keys at present.";
  return refuse({ code: 503, status: "UNAVAILABLE", message }, dialect, 60_000);
}

export function nobodyReady(retryAfterMs: number, dialect: Dialect): Response {
  const message = "No key of the pool is ready for this model at present.";
  return refuse({ code: 429, status: "RESOURCE_EXHAUSTED", message }, dialect, retryAfterMs);
}

/** Google refused a key for good: its words are about that key, and would read as if the token were meant. */
export function keysFailed(dialect: Dialect): Response {
  const message = "The keys of the pool that were tried are out of order. Please try again.";
  return refuse({ code: 503, status: "UNAVAILABLE", message }, dialect, 1000);
}

/** The same of the one key that holds what a request names: another try would meet that key again. */
export function holderFailed(dialect: Dialect): Response {
  const message =
    "The key of the pool that holds what this request names is out of order. Upload or create it again, or tell this " +
    "pool's operator.";
  return refuse({ code: 503, status: "UNAVAILABLE", message }, dialect, 60_000);
}

export function invalid(message: string, dialect: Dialect): Response {
  return refuse({ code: 400, status: "INVALID_ARGUMENT", message }, dialect);
}

export function fieldInUrl(dialect: Dialect): Response {
  const message =
    "With an access token a URL can say what form the answer has, and which page of a list; all else belongs in the body.";
  return invalid(message, dialect);
}

export function tooLarge(mostBytes: number, dialect: Dialect): Response {
  const message =
    `With an access token a request's body can have ${mostBytes} bytes at the most, and must say how long it is ` +
    "if it comes near that. Large files go by a resumable upload.";
  return invalid(message, dialect);
}

export function tooBusy(dialect: Dialect): Response {
  const message = "Too many large requests are being served at this moment. Please try again.";
  return refuse({ code: 503, status: "UNAVAILABLE", message }, dialect, 2000);
}

export function notForGuests(what: string, dialect: Dialect): Response {
  const named = what === "" ? "this path" : what;
  const message = `An access token cannot use ${named}: it belongs to a Google project. Bring a Gemini API key of your own.`;
  return invalid(message, dialect);
}

export function noHome(dialect: Dialect): Response {
  const message =
    "This pool has no key that files, caches and other things of an access token may be kept with. Its operator can " +
    'import one. An interaction needs none with "store": false.';
  return invalid(message, dialect);
}

/** As Google answers for what belongs to another project, and for what is not there: nobody learns which. */
export function foreign(resource: string, dialect: Dialect): Response {
  const [collection = "", id = ""] = resource.split("/");
  const forbidden = (message: string) => refuse({ code: 403, status: "PERMISSION_DENIED", message }, dialect);
  if (collection === "files") {
    return forbidden(`You do not have permission to access the File ${id} or it may not exist.`);
  }
  if (collection === "cachedContents") return forbidden("CachedContent not found (or permission denied)");
  return refuse({ code: 404, status: "NOT_FOUND", message: "Requested entity was not found." }, dialect);
}
