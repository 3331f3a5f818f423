import { causeOf } from "../../log.ts";
import type { Defer } from "../../pool/rotation.ts";
import type { Services } from "../../services.ts";
import { peekJson } from "../peek-json.ts";
import type { Guest } from "./admission.ts";
import { interactionTold, namesTold } from "./told-names.ts";

/** An answer about something that was made: a batch of inline answers is the largest. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

export interface Made {
  collection: string;
  guest: Guest;
  /** The key that holds it. */
  keyId: number;
  defer: Defer;
}

/**
 * Remembers as the guest's what an answer says was made, and gives the answer back. Before it, or the next request could
 * reach an isolate that does not know; a stream cannot wait.
 */
export async function noteMade(response: Response, made: Made, { access, log }: Services): Promise<Response> {
  if (!response.ok || response.body === null) return response;
  const remember = async (names: string[]) => {
    try {
      await access.belongings.remember(made.guest.id, names, made.keyId);
    } catch (error) {
      log("error", "access.not_remembered", { token: made.guest.id, names: names.length, cause: causeOf(error) });
    }
  };
  if (response.headers.get("content-type")?.startsWith("text/event-stream") === true) {
    const [searched, whole] = response.body.tee();
    made.defer(interactionTold(searched).then((name) => (name === undefined ? undefined : remember([name]))));
    return new Response(whole, response);
  }
  const peeked = await peekJson(response, MAX_ANSWER_BYTES);
  await remember(namesTold(made.collection, peeked.json));
  return peeked.response;
}
