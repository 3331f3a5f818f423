import * as v from "valibot";
import type { Change, SettingRow } from "../../../live-settings.ts";
import type { Services } from "../../../services.ts";
import { invalid } from "./read-input.ts";
import { notFound, route, type Route } from "./route.ts";
import { text, timeInAnswer } from "./schemas.ts";

const setting = v.object({
  name: v.string(),
  doc: v.string(),
  default: v.string(),
  deployed: v.pipe(v.string(), v.description("What the deployment says: the variable, or the default.")),
  value: v.pipe(v.string(), v.description("What holds now.")),
  overridden: v.boolean(),
  changedAt: v.nullable(timeInAnswer),
  accepts: v.variant("kind", [
    v.object({ kind: v.literal("number"), min: v.number(), max: v.number() }),
    v.object({ kind: v.literal("choice"), choices: v.array(v.string()) }),
    v.object({ kind: v.literal("text") }),
  ]),
  problem: v.nullable(v.pipe(v.string(), v.description("Why a stored change does not hold."))),
});

const nameParams = v.strictObject({
  name: v.pipe(v.string(), v.regex(/^[A-Z][A-Z0-9_]{1,40}$/, "must be a setting's name, such as MAX_RETRIES")),
});

/** Settings that take effect without a redeploy. Secrets are neither shown nor changed here. */
export function settingRoutes({ liveSettings }: Services): Route[] {
  const listSettings = async () => (await liveSettings.list()).map(toAnswer);

  async function answerTo(change: Change, name: string) {
    switch (change.kind) {
      case "changed":
        return (await listSettings()).find((row) => row.name === name) ?? notFound(UNKNOWN);
      case "invalid":
        return invalid(change.message);
      case "not_editable":
        return invalid(`${name} takes a new deployment: it is a secret, or read once at the start.`);
      case "unknown":
        return notFound(UNKNOWN);
    }
  }

  return [
    route({
      method: "get",
      path: "/settings",
      name: "listSettings",
      tag: "settings",
      summary: "The settings that may be changed at run time, with their meaning and what holds.",
      answer: v.object({ settings: v.array(setting) }),
      handle: async () => ({ settings: await listSettings() }),
    }),
    route({
      method: "put",
      path: "/settings/{name}",
      name: "changeSetting",
      tag: "settings",
      summary: "Changes a setting. It holds here at once, everywhere within ten seconds.",
      params: nameParams,
      body: v.strictObject({ value: text(2000) }),
      answer: setting,
      mayMiss: true,
      handle: async ({ params: { name }, body }) => answerTo(await liveSettings.change(name, body.value), name),
    }),
    route({
      method: "delete",
      path: "/settings/{name}",
      name: "resetSetting",
      tag: "settings",
      summary: "Takes a change back: what is deployed holds again.",
      params: nameParams,
      answer: setting,
      mayMiss: true,
      handle: async ({ params: { name } }) => answerTo(await liveSettings.reset(name), name),
    }),
  ];
}

function toAnswer({ accepts, ...row }: SettingRow): v.InferOutput<typeof setting> {
  return { ...row, accepts: accepts.kind === "choice" ? { ...accepts, choices: [...accepts.choices] } : accepts };
}

const UNKNOWN = "There is no such setting.";
