import type { Context } from "hono";
import type { Services } from "../services.ts";

const JOINS = [
  "With its first successful request your key joins the pool; from then on your requests",
  "are served by the next available key.",
];

const CLOSED = [
  "At the moment no new key joins this pool: only those of its members, and access tokens, are served by it.",
];

/** `GET /`, for curl and SDKs: tells a person what they have found. */
export function welcome({ settings }: Pick<Services, "settings">) {
  return function welcome(c: Context): Response {
    const { origin } = new URL(c.req.url);
    return c.text(
      [
        "Potluck: a shared-key pool for Google's Gemini API. Everyone brings a key, everyone eats from the table.",
        "",
        `Use ${origin} as the base URL of your Gemini client, or ${origin}/v1 for an OpenAI client, and send your own`,
        "Gemini key as usual.",
        ...(settings.CONTRIBUTION === "closed" ? CLOSED : JOINS),
        "",
        "Your prompt then runs in another contributor's Google project, whose owner may be able to read it.",
        "`x-pool-mode: own` on a request keeps it on your own key and your key out of the pool.",
        "",
        `  ${origin}/keycount   how many keys are at the table`,
        `  ${origin}/key        your key: GET to see how it stands, DELETE to withdraw it (in a browser: /my-key)`,
        "",
      ].join("\n"),
    );
  };
}
