/**
 * Names of what belongs to a Google project, as one spelling each: `files/abc`, `cachedContents/abc`,
 * `interactions/v1_abc`, `models/veo-3/operations/abc`. Pure.
 */

/** One part of a name. Without a percent sign: what is encoded twice would be another name to Google. */
const SEGMENT = /^(?!\.\.?$)[\w.~=-]{1,512}$/;

/** A file's name, alone or at the end of a URL of whatever host: clients are told Google's, and speak to ours. */
const FILE_NAME =
  /^(?:https?:\/\/[^/?#\s]+\/(?:[\w.-]+\/){0,4})?files\/([\w.~=-]{1,512})(?::\w{1,64})?(?:\?[\w.~=&-]*)?$/i;

/** What is asked of a thing, behind its name. More than a word could lead to another thing: `files/mine:x/../files/theirs`. */
const VERB = /^\w{1,64}$/;

/** What a path below a version names: the thing itself, without what is asked of it or lies below it. */
export function toResource(path: string): string | undefined {
  const segments = withoutVerb(path)?.split("/") ?? [];
  if (!segments.every((segment) => SEGMENT.test(segment))) return undefined;
  // The operations of a model are things of their own; those of a store go with the store.
  const isOperation = segments[0] === "models" && segments[2] === "operations";
  const length = isOperation ? 4 : 2;
  return segments.length < length ? undefined : segments.slice(0, length).join("/");
}

/** What a name or an id means in this collection: `abc` and `files/abc` are one file. */
export function toResourceOf(collection: string, text: string): string | undefined {
  const name = text.trim();
  const id = name.startsWith(`${collection}/`) ? name.slice(collection.length + 1) : name;
  const plain = withoutVerb(id);
  if (plain === undefined) return undefined;
  return plain.split("/").every((segment) => SEGMENT.test(segment)) ? `${collection}/${plain}` : undefined;
}

/** The name alone; undefined where something else than a word stands behind a colon. */
function withoutVerb(text: string): string | undefined {
  const [plain = "", ...verbs] = text.split(":");
  return verbs.length === 0 || (verbs.length === 1 && VERB.test(verbs[0] ?? "")) ? plain : undefined;
}

/** The file that a name, an id or a URL means. */
export function toFileResource(text: string): string | undefined {
  const name = text.trim();
  const id = FILE_NAME.exec(name)?.[1];
  if (id !== undefined) return SEGMENT.test(id) ? `files/${id}` : undefined;
  return name.includes("/") ? undefined : toResourceOf("files", name);
}
