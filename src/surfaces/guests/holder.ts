import type { Target } from "../../ingress/target.ts";
import type { Holder } from "../../relay/guest.ts";
import type { Services } from "../../services.ts";
import type { Guest } from "./admission.ts";
import { foreign, invalid, noHome } from "./refusals.ts";

/** The one key that a request can go to. */
export interface Place extends Holder {
  /** It is where the guest's new things are made, and holds nothing that the request names. */
  isHome: boolean;
}

/** Google takes 3,600 images in one prompt; each name that is not known here costs a row read. */
const MAX_NAMED = 4000;

/**
 * The key whose project holds everything that a request names; the answer that refuses it where something is not the
 * guest's, or two keys would be needed. Throws if D1 does not answer.
 */
export async function holderOf(
  guest: Guest,
  resources: readonly string[],
  { dialect }: Target,
  { access, pool }: Services,
): Promise<Place | Response> {
  if (resources.length > MAX_NAMED) {
    return invalid(`This request names more than ${MAX_NAMED} files and other things.`, dialect);
  }
  const holders = await access.belongings.keysOf(guest.id, resources);
  const missing = resources.find((resource) => !holders.has(resource));
  if (missing !== undefined) return foreign(missing, dialect);
  const [id, ...others] = new Set(holders.values());
  if (others.length > 0) {
    const message = "This request names things that lie in different Google projects. Upload or create them again.";
    return invalid(message, dialect);
  }
  const key = id === undefined ? undefined : await pool.openKey(id);
  // What the key held is out of reach with it.
  return id === undefined || key === undefined ? foreign(resources[0] ?? "", dialect) : { id, key, isHome: false };
}

/** The key that a guest's new things are made with. Throws if D1 does not answer. */
export async function homeOf(guest: Guest, { dialect }: Target, { access, pool }: Services): Promise<Place | Response> {
  for (let looks = 0; looks < 2; looks++) {
    const id = await access.belongings.homeOf(guest.id);
    if (id === undefined) break;
    const key = await pool.openKey(id);
    if (key !== undefined) return { id, key, isHome: true };
    access.belongings.doubtHome(guest.id);
  }
  return noHome(dialect);
}
