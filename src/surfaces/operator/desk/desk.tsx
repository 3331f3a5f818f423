import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { causeOf } from "../../../log.ts";
import { holdsGoogleKey } from "../../../ingress/pasted-keys.ts";
import type { Services } from "../../../services.ts";
import { securityHeaders } from "../../pages/security-headers.ts";
import { requireSession } from "../guard.ts";
import type { SignedIn } from "../session.ts";
import { failurePages } from "./failures.tsx";
import { say } from "./frame.tsx";
import { importPages } from "./import.tsx";
import { keyPages } from "./key.tsx";
import { keyListPages } from "./keys.tsx";
import { keyWorkPages } from "./key-work.tsx";
import { overviewPage } from "./overview.tsx";
import { settingsPages } from "./settings.tsx";
import { deskIsOff, foreignForm, signInPages } from "./sign-in.tsx";
import { tokenPages } from "./tokens.tsx";

/** The longest text that an import takes without a script fits, in Chinese and percent-encoded. */
const MAX_FORM_BYTES = 1024 * 1024;

/** The operator's pages, below /admin. */
export function operatorDesk(services: Services): Hono<SignedIn> {
  const desk = new Hono<SignedIn>();
  const signIn = signInPages(services);
  desk.onError((error, c) => {
    services.log("error", "desk.failed", { cause: causeOf(error), name: error.name });
    return say(c, "broken", 503);
  });
  desk.use(async function tellOurselvesWhereFormsComeFrom(c, next) {
    await next();
    // With `no-referrer` a browser sends our own forms as from the origin `null`.
    c.res.headers.set("referrer-policy", "same-origin");
  });
  desk.use(securityHeaders());
  desk.use(async function isOn(c, next) {
    return services.settings.ADMIN_TOKEN === undefined ? deskIsOff(c) : next();
  });
  desk.use(async function keepKeysOutOfAddresses(c, next) {
    // Nor into a redirect to the sign-in, or a link of the page.
    return holdsGoogleKey(decoded(c.req.url)) ? say(c, "keyInAddress", 422) : next();
  });
  desk.use(bodyLimit({ maxSize: MAX_FORM_BYTES, onError: (c) => say(c, "tooLarge", 413) }));
  desk.get("/sign-in", (c) => signIn.show(c));
  desk.post("/sign-in", (c) => signIn.submit(c));
  desk.use(requireSession(services, foreignForm));
  desk.post("/sign-out", (c) => signIn.signOut(c));
  desk.get("/", overviewPage(services));
  keyListPages(desk, services);
  keyWorkPages(desk, services);
  importPages(desk, services);
  keyPages(desk, services);
  tokenPages(desk, services);
  settingsPages(desk, services);
  failurePages(desk, services);
  desk.all("*", (c) => say(c, "notFound", 404));
  return desk;
}

/** Path and query, percent signs resolved where they can be. */
function decoded(url: string): string {
  const { pathname, searchParams } = new URL(url);
  return [pathname.replaceAll("/", " "), ...[...searchParams].flat()].join(" ");
}
