import type { Carrier } from "./caller.ts";
import { readTarget, type TargetReading } from "./target.ts";

/** Most traffic repeats a few URLs. */
const MAX_KNOWN = 500;
const MAX_LENGTH = 300;

/** Nothing of a caller's own is in it: no key, no token, no page of a list. */
const PLAIN_URL = /^[^?#]*(?:\?alt=(?:json|sse))?$/;
/** A model's name as Google writes it. A key that stands in its place by mistake begins with a capital. */
const PLAIN_MODEL = /^[a-z][a-z0-9.-]{0,60}$/;

/** `readTarget` for a URL as it came; what it says of a plain one is remembered in `known`. */
export function createTargetReader(known = new Map<string, TargetReading>()) {
  return function readKnownTarget(method: string, href: string, carrier: Carrier | undefined): TargetReading {
    const request = `${method} ${carrier} ${href}`;
    const remembered = known.get(request);
    if (remembered !== undefined) return remembered;
    const reading = readTarget(method, new URL(href), carrier);
    if (isPlain(href, reading)) {
      if (known.size >= MAX_KNOWN) known.clear();
      known.set(request, reading);
    }
    return reading;
  };
}

function isPlain(href: string, reading: TargetReading): boolean {
  if (reading.kind === "unknown" || reading.target.purpose !== "generating") return false;
  const { model } = reading.target;
  return href.length <= MAX_LENGTH && PLAIN_URL.test(href) && (model === undefined || PLAIN_MODEL.test(model));
}
