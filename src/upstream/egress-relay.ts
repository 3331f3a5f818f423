import { DurableObject } from "cloudflare:workers";

/**
 * Sends a request to Google from where this object lives. A Worker's requests leave from the place that its caller
 * reached, and Google refuses some (Hong Kong above all); a Durable Object stays where it was first created.
 * Bodies, streams and WebSockets pass through untouched; nothing is kept.
 */
export class EgressRelay extends DurableObject {
  override fetch(request: Request): Promise<Response> {
    return fetch(request);
  }
}

/** One object handles about a thousand requests a second; a few share the load. */
const RELAYS = 8;

/** A `fetch` that goes through one of the relays at `location`. */
export function relayFetch(
  namespace: DurableObjectNamespace,
  locationHint: DurableObjectLocationHint,
  random: () => number,
): typeof fetch {
  return (input, init) => {
    const name = `${locationHint}-${Math.floor(random() * RELAYS)}`;
    return namespace.get(namespace.idFromName(name), { locationHint }).fetch(new Request(input, init));
  };
}
