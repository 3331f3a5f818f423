import type { KeyFilter } from "../../../pool/desk.ts";
import type { DeskAction } from "../../../relay/desk.ts";
import { JsonBlock } from "../../pages/json-block.tsx";
import type { Language } from "../../pages/language.ts";
import { Button, type ButtonKind } from "../../pages/parts.tsx";
import { Csrf } from "./frame.tsx";
import { frameTexts } from "./i18n/frame.ts";
import { workTexts } from "./i18n/key-work.ts";
import { longWorkTexts } from "./i18n/long-work.ts";

export const ACTIONS = ["verify", "cool", "restore", "retire", "delete"] as const satisfies DeskAction[];

const KINDS: Record<DeskAction, ButtonKind> = {
  verify: "quiet",
  cool: "quiet",
  restore: "quiet",
  retire: "danger",
  delete: "danger",
};

interface BarProps {
  lang: Language;
  csrf: string;
  filter: KeyFilter;
  total: number;
  shownTotal: string;
}

/** What can be done with the keys that are chosen in the table below. */
export function KeyWorkBar({ lang, csrf, filter, total, shownTotal }: BarProps) {
  const t = workTexts[lang];
  return (
    <fieldset class="desk-work">
      <legend class="visually-hidden">{t.actionsLabel}</legend>
      <Csrf token={csrf} />
      <FilterFields filter={filter} />
      <label class="check">
        <input type="checkbox" name="all" value="1" data-pick-all data-total={total} />
        <span>{t.selectAll(shownTotal)}</span>
      </label>
      <WorkButtons lang={lang} />
    </fieldset>
  );
}

/** The five actions; for the cooling, how long. */
export function WorkButtons({ lang }: { lang: Language }) {
  const t = workTexts[lang];
  return (
    <>
      <div class="row desk-actions">
        {ACTIONS.map((action) => (
          <span class="desk-action">
            <button
              type="submit"
              name="action"
              value={action}
              class={`button button--${KINDS[action]} button--small`}
              title={t.actionMeaning[action]}
            >
              {t.actions[action]}
            </button>
            {action === "cool" ? <CoolFor lang={lang} /> : null}
          </span>
        ))}
      </div>
      <p class="small soft">{t.coolStatus}</p>
    </>
  );
}

function CoolFor({ lang }: { lang: Language }) {
  const t = workTexts[lang];
  return (
    <select class="select" name="forMs" aria-label={`${t.actions.cool}: ${t.coolFor}`}>
      {Object.entries(t.coolChoices).map(([ms, label]) => (
        <option value={ms} selected={ms === "3600000"}>
          {label}
        </option>
      ))}
    </select>
  );
}

/** The filter travels with the form: "all that fit" means those that the page showed. */
export function FilterFields({ filter }: { filter: KeyFilter }) {
  return (
    <>
      {(["status", "reason", "q"] as const).map((name) =>
        filter[name] === undefined ? null : <input type="hidden" name={name} value={filter[name]} data-filter />,
      )}
    </>
  );
}

/** Asks before a work begins, and shows how it goes. Filled by desk-keys.js; without JavaScript a page asks instead. */
export function KeyWorkDialog({ lang }: { lang: Language }) {
  const t = workTexts[lang];
  const f = frameTexts[lang];
  return (
    <>
      <dialog data-work-dialog aria-labelledby="work-title">
        <h2 id="work-title" data-work-title></h2>
        <p data-work-text></p>
        <div data-work-progress hidden>
          <progress data-work-bar value={0} max={1} aria-labelledby="work-title"></progress>
          <p class="small soft" role="status" data-work-count></p>
          <p class="small" role="status" data-work-wait hidden></p>
        </div>
        <ul data-work-result hidden></ul>
        <div class="row row--end">
          <Button kind="quiet" data-work-cancel>
            {f.cancel}
          </Button>
          <Button data-work-confirm>{f.yes}</Button>
          <Button kind="quiet" data-work-close hidden>
            {t.seeTable}
          </Button>
          <Button data-work-go-on hidden>
            {longWorkTexts[lang].goOn}
          </Button>
          <a class="button button--primary" href="/admin/sign-in" data-work-sign-in hidden>
            {f.signInAgain}
          </a>
        </div>
      </dialog>
      <JsonBlock data={textsForScript(lang)} data-work-texts />
    </>
  );
}

/** Texts with a count in them, as templates: `{n}` stands for the number. */
function textsForScript(lang: Language) {
  const t = workTexts[lang];
  const many = (text: (count: number) => string) => ({
    one: text(1),
    many: text(MARKER).replace(MARKER.toLocaleString("en"), "{n}"),
  });
  return {
    actions: Object.fromEntries(
      ACTIONS.map((action) => [
        action,
        {
          label: t.actions[action],
          meaning: t.actionMeaning[action],
          confirm: many(t.confirm[action]),
          working: t.working[action],
          done: many(t.resultDone[action]),
        },
      ]),
    ),
    failed: many(t.resultFailed),
    skipped: many(t.resultSkipped),
    confirmAll: t.confirmAll,
    chooseFirst: t.chooseFirst,
    progress: t.progress,
    finished: t.finished,
    stopped: t.stopped,
    ...longWorkTexts[lang],
    cancel: frameTexts[lang].cancel,
    close: frameTexts[lang].close,
    failedStep: t.failedStep,
    sessionOver: frameTexts[lang].sessionOver,
  };
}

/** A number that stands in no text by itself. */
const MARKER = 987_654;
