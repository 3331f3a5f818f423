import type { Behaviour } from "./behaviour.ts";

/** Why a Live session is closed at once: a WebSocket close code and Google's sentence (protocol §1.8, "Live WS"). */
export interface LiveRefusal {
  code: 1007 | 1008 | 1011;
  reason: string;
}

const LIVE_PATH =
  /^\/+ws\/google\.ai\.generativelanguage\.(?:v1|v1beta|v1alpha)\.GenerativeService\.Bidi(?:GenerateContent|GenerateContentConstrained|GenerateMusic)$/;

/** Google takes the doubled slash that @google/genai sends as well (§2.6). */
export function isLivePath(pathname: string): boolean {
  return LIVE_PATH.test(pathname);
}

/** Header, `?key=`, or for ephemeral tokens `?access_token=` and `Authorization: Token` (§2, §2.6). */
export function readLiveKey(request: Request, url: URL): string | undefined {
  const token = /^(?:Token|Bearer)\s+(.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  const query = url.searchParams.get("key") ?? url.searchParams.get("access_token");
  return request.headers.get("x-goog-api-key") ?? query ?? token;
}

export const UNKNOWN_KEY: LiveRefusal = {
  code: 1008,
  reason: "API key not valid. Please pass a valid API key.",
};

export const LOCATION_REFUSED: LiveRefusal = {
  code: 1007,
  reason: "User location is not supported for the API use.",
};

/** 1007 bad argument, 1008 policy, 1011 billing and Google's own trouble. */
export async function liveRefusalFor(
  behaviour: Behaviour,
  refused: (fixture: string) => Response,
): Promise<LiveRefusal | undefined> {
  if (behaviour.kind !== "error") return undefined;
  const answer = refused(behaviour.fixture);
  const { status } = answer;
  const reason = /"message":\s*"((?:[^"\\]|\\.)*)"/.exec(await answer.text())?.[1] ?? "";
  const code = status === 400 ? 1007 : status === 401 || status === 403 ? 1008 : 1011;
  return { code, reason };
}
