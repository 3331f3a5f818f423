import type { DeskKey } from "../../../pool/desk.ts";
import type { Language } from "../../pages/language.ts";
import { Pill, type Tone } from "../../pages/parts.tsx";
import { keyTexts } from "./i18n/keys.ts";

type Shown = "active" | "resting" | "cooling" | "retired" | "withdrawn";

const TONES: Record<Shown, Tone> = {
  active: "good",
  resting: "info",
  cooling: "info",
  retired: "bad",
  withdrawn: "plain",
};

/** A key's state in a word; an active one that rests or cools is told apart. */
export function KeyStatus({
  row,
  lang,
}: {
  row: Pick<DeskKey, "status" | "restingUntil" | "cooling">;
  lang: Language;
}) {
  const shown = shownStatus(row);
  return <Pill tone={TONES[shown]}>{keyTexts[lang].status[shown]}</Pill>;
}

function shownStatus({ status, restingUntil, cooling }: Pick<DeskKey, "status" | "restingUntil" | "cooling">): Shown {
  if (status !== "active") return status;
  if (restingUntil !== null) return "resting";
  return cooling > 0 ? "cooling" : "active";
}

/** Google's reason as it is, ours with its meaning. */
export function Reason({ reason, lang }: { reason: string | null; lang: Language }) {
  if (reason === null) return <span class="soft">–</span>;
  const meanings: Record<string, string> = keyTexts[lang].reasonMeaning;
  const meaning = Object.hasOwn(meanings, reason) ? meanings[reason] : undefined;
  return meaning === undefined ? <code>{reason}</code> : <span title={reason}>{meaning}</span>;
}
