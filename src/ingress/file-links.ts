/** Whether a text leads to a file of the Files API, which belongs to one project. A YouTube link is nobody's state. Pure. */

/** Google's own host, in whatever region, with whatever behind it. */
const GOOGLES_HOST = /^\s*(?:https?:)?[/\\]{0,4}(?:[^/?#]*@)?[\w.-]*generativelanguage\.googleapis\.com/i;

/** A folder `files` somewhere, its slashes perhaps encoded: behind whatever host, as clients may be told ours. */
const FILES_FOLDER = /(?:^|\W|%[0-9a-f]{2,6})files[/%\\]/i;

/** A link to another place: plain ASCII, no user before the host, and nothing encoded in host and path. */
const ELSEWHERE = /^https?:\/\/[\w.-]+(?::\d{1,5})?(?:[/?#]|$)(?:(?![%\\?#])[!-~])*(?:[?#](?:(?!\\)[!-~])*)?$/i;

const BUCKET = /^gs:\/\//i;

/** Base64 may be megabytes, and spells every word in the end. */
const INLINE = /^data:/i;

/**
 * Of a property that is there for files (`fileUri`): whatever is not plainly a link to another place. Google also takes
 * a bare id, a path without a host, and what has signs before it that it leaves out.
 */
export function namesFile(text: string): boolean {
  if (text === "" || BUCKET.test(text)) return false;
  return !ELSEWHERE.test(text) || mayNameFile(text);
}

/** Of a property that is there for any address (`url`). */
export function mayNameFile(text: string): boolean {
  return !INLINE.test(text) && (GOOGLES_HOST.test(text) || FILES_FOLDER.test(text));
}
