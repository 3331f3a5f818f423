/**
 * Takes out of an error body what belongs to the key's owner: the key, the project, the address we called from.
 * Pure. Google really does send them: a suspended key comes back whole, three times (protocol facts §1.1, §1.2).
 * Every pattern is linear: literal beginnings, bounded runs, no quantifier inside a quantifier.
 */

const REDACTED = "[redacted]";

/** Real keys have 39 characters and more. A shorter "key" is junk, and taking it out would maul Google's words. */
const MIN_KEY_LENGTH = 8;

/** A project's number or id; ids may carry a domain (`example.com:name`). Starts and ends alphanumeric. */
const PROJECT = "[A-Za-z0-9](?:[A-Za-z0-9:._-]{0,98}[A-Za-z0-9])?";
const EQUALS = String.raw`(?:=|%3D|\\u003d)`;
/** The quotes and the colon between a JSON name and its value, also inside a string (`\"`). */
const JSON_COLON = String.raw`\\{0,4}"\s{0,4}:\s{0,4}\\{0,4}"`;

/** Metadata whose whole value is about the owner or about us. */
const PRIVATE_PROPERTY = "consumer|containerInfo|callerIp|project(?:_?(?:id|number))?";
const PRIVATE_NAME = new RegExp(`^(?:${PRIVATE_PROPERTY})$`, "i");

/** Without word boundaries: an escaped line break (`\nAIza…`) puts a letter before the secret. */
const SECRETS: readonly RegExp[] = [
  /AIza[0-9A-Za-z_-]{35,}/g,
  /[AI]Q\.[0-9A-Za-z_.-]{20,}/g,
  /gen-lang-client-[0-9]{4,}/g,
  // A key's service account: its domain is the project. From the start of a run only, or it would be quadratic.
  /(?<![A-Za-z0-9._-])[A-Za-z0-9._-]{1,200}@[A-Za-z0-9.-]{1,100}\.gserviceaccount\.com/g,
];

/** A body can break off in the middle of a key, too early for the shapes above. */
const CUT_SECRET = /(?:AIza[0-9A-Za-z_-]{0,34}|[AI]Q\.[0-9A-Za-z_.-]{0,19})$/;
/** Fewer letters at the end of a text are no more than a coincidence. */
const MIN_CUT_LENGTH = 6;

/** `$1` stays, the rest goes. */
const AFTER_WORDS: readonly RegExp[] = [
  /(auth_tokens(?:\/|%2F))[0-9A-Za-z_.-]{1,512}/gi,
  /(api_key:)[^\s'"\\<>]{8,512}/gi,
  new RegExp(`([?&;]key${EQUALS})[^\\s'"\\\\<>&]{1,512}`, "gi"),
  new RegExp(`(projects?(?:/|%2F))${PROJECT}`, "gi"),
  /((?:folders|organizations|billingAccounts)(?:\/|%2F))[0-9A-Za-z-]{6,32}/gi,
  new RegExp(`(project(?:[_ ]?(?:number|id))?(?:${EQUALS}|:\\s?))${PROJECT}`, "gi"),
  new RegExp(`((?:in|resource|for) project ['"#]?)${PROJECT}`, "gi"),
  // The other forms of a project have their own lines.
  new RegExp(`(was denied for ['"]?)(?!project(?:s/|[_ :=]))${PROJECT}`, "gi"),
  /(project (?:number |id )?['"#]?)[0-9]{6,}/gi,
  new RegExp(`((?:${PRIVATE_PROPERTY})${JSON_COLON})[^"\\\\<>]{1,512}`, "gi"),
  // IPv4 and IPv6; the second is the page about automated queries.
  /(originating IP address of the call \()[0-9A-Fa-f:.%]{2,64}/gi,
  /(IP address: )[0-9A-Fa-f:.%]{2,64}/gi,
];

/**
 * The text without the key, anything key-shaped, project numbers and ids, and the egress address; Google's wording
 * stays. JSON stays JSON, byte for byte outside the strings that changed.
 */
export function redact(text: string, secrets: { key: string }): string {
  const forms = keyForms(secrets.key);
  return isJson(text) ? redactStrings(text, forms) : redactText(redactCut(text, forms), forms);
}

/** The text without the key itself, for the key's own owner: their project and address are theirs to see. */
export function redactKeyAlone(text: string, { key }: { key: string }): string {
  return keyForms(key).reduce((kept, form) => kept.replaceAll(form, REDACTED), text);
}

/** Google may repeat the key as it is, in a URL, or in JSON inside a string. */
function keyForms(key: string): string[] {
  if (key.length < MIN_KEY_LENGTH) return [];
  return [key, encodeURIComponent(key.toWellFormed()), JSON.stringify(key).slice(1, -1)];
}

function redactText(text: string, keyForms: string[]): string {
  let result = text;
  for (const form of keyForms) result = result.replaceAll(form, REDACTED);
  for (const secret of SECRETS) result = result.replaceAll(secret, REDACTED);
  for (const words of AFTER_WORDS) result = result.replaceAll(words, `$1${REDACTED}`);
  return result;
}

/** What is not JSON may be JSON that broke off, and so may the key at its end. */
function redactCut(text: string, keyForms: string[]): string {
  const cut = longestCut(text, keyForms);
  return (cut === 0 ? text : text.slice(0, -cut) + REDACTED).replace(CUT_SECRET, REDACTED);
}

/** How many characters at the end of the text are the beginning of the key. */
function longestCut(text: string, keyForms: string[]): number {
  for (const form of keyForms) {
    for (let length = form.length - 1; length >= MIN_CUT_LENGTH; length--) {
      if (text.endsWith(form.slice(0, length))) return length;
    }
  }
  return 0;
}

/**
 * Rewrites the string literals of a valid JSON text, each decoded, so that no escape can hide a secret and no
 * replacement can break one. Only called on valid JSON: there the literal's pattern never has to back up.
 */
function redactStrings(json: string, keyForms: string[]): string {
  let property = "";
  return json.replaceAll(/"((?:[^"\\]|\\.)*)"(\s*:)?/g, (literal: string, inner: string, colon?: string) => {
    const text = inner.includes("\\") ? decode(inner) : inner;
    if (colon !== undefined) property = text;
    const isPrivate = colon === undefined && PRIVATE_NAME.test(property);
    const redacted = isPrivate ? REDACTED : redactText(text, keyForms);
    return redacted === text ? literal : JSON.stringify(redacted) + (colon ?? "");
  });
}

function decode(inner: string): string {
  const decoded: unknown = JSON.parse(`"${inner}"`);
  return typeof decoded === "string" ? decoded : inner;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
