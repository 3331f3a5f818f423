import { walkJson } from "../../ingress/json-walk.ts";

/** The metadata of a file stand at the beginning of a multipart body. */
const MAX_METADATA_LENGTH = 64 * 1024;

/** Query parameters that an upload may have; others could say in the URL what must not stand in the metadata. */
const HARMLESS_PARAMETERS = /^(?:\$?(?:alt|fields|prettyPrint)|uploadType|upload_protocol)$/i;

/** What is wrong with the beginning of an upload; undefined if nothing is. */
export type UploadFault = "unreadable" | "named";

/**
 * Looks for a name that the caller chose. Names that Google makes come once; a chosen one can come again after its file
 * is gone, and then two tokens would own one thing. Pure.
 */
export function faultOfUpload(query: string, contentType: string, body: Uint8Array): UploadFault | undefined {
  const parameters = [...new URLSearchParams(query).keys()];
  if (!parameters.every((name) => HARMLESS_PARAMETERS.test(name))) return "named";
  if (body.byteLength === 0) return undefined;
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1");
  const metadata = /^multipart\//i.test(contentType) ? metadataOf(text, contentType) : text;
  let isNamed = false;
  const isObject =
    metadata !== undefined &&
    walkJson(metadata, (name) => {
      isNamed ||= name === "name";
      return true;
    });
  if (!isObject) return "unreadable";
  return isNamed ? "named" : undefined;
}

/** One boundary, which no two readers take for another. */
const MULTIPART = /^multipart\/related\s*;\s*boundary=(?:"([\w'+./:=?-]{1,70})"|([\w'+.-]{1,70}))\s*$/i;

/** The headers of the first part. With bare line feeds a lenient reader would find other parts than we. */
const PART_HEADERS = /\r\n(?:[^\r\n]{1,500}\r\n){0,8}\r\n/y;

/** The first part of a multipart body (RFC 2387), which describes the file. */
function metadataOf(text: string, contentType: string): string | undefined {
  const boundary = MULTIPART.exec(contentType);
  const mark = `--${boundary?.[1] ?? boundary?.[2] ?? ""}`;
  if (mark === "--" || !text.startsWith(mark)) return undefined;
  PART_HEADERS.lastIndex = mark.length;
  if (!PART_HEADERS.test(text)) return undefined;
  const start = PART_HEADERS.lastIndex;
  const end = text.indexOf(`\r\n${mark}`, start);
  return end === -1 || end > MAX_METADATA_LENGTH ? undefined : text.slice(start, end);
}
