// Work on many keys: boxes that know of each other, a question before, and a bar while it goes on.

import { call, Passing, SignedOut } from "./desk-call.js";
import { persist, tellWait } from "./desk-persist.js";
import { viewOf } from "./desk-work-dialog.js";

/**
 * @typedef {{ one: string, many: string }} Counted
 * @typedef {{ label: string, meaning: string, confirm: Counted, working: string, done: Counted }} Action
 * @typedef {{ actions: Record<string, Action>, failed: Counted, skipped: Counted, confirmAll: string, chooseFirst: string,
 *   progress: string, finished: string, stopped: string, stop: string, cancel: string, close: string, failedStep: string, sessionOver: string,
 *   noAnswer: string, retrying: string, repeated: string }} Texts
 * @typedef {{ done: number, failed: number, skipped: number, next: string | null, total: number }} Report
 * @typedef {{ action: string, forMs?: number, ids?: number[], filter?: Record<string, string> }} Work
 */

const FILTERS = ["status", "reason", "q"];

const form = document.querySelector("form[data-key-work]");
const dialog = document.querySelector("dialog[data-work-dialog]");
const texts = document.querySelector("[data-work-texts]")?.textContent;

if (form instanceof HTMLFormElement && dialog instanceof HTMLDialogElement && texts) {
  tieBoxes(form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void begin(form, dialog, JSON.parse(texts), event.submitter);
  });
}

/**
 * The box of the page ticks its keys; the box of the whole filter takes the page's out of play.
 * @param {HTMLFormElement} list
 */
function tieBoxes(list) {
  const page = list.querySelector("[data-pick-page]");
  const all = list.querySelector("[data-pick-all]");
  if (!(page instanceof HTMLInputElement) || !(all instanceof HTMLInputElement)) return;
  const boxes = [...list.querySelectorAll('input[name="ids"]')].filter((box) => box instanceof HTMLInputElement);
  const show = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    page.checked = ticked === boxes.length;
    page.indeterminate = ticked > 0 && ticked < boxes.length;
    for (const box of [page, ...boxes]) box.disabled = all.checked;
  };
  page.hidden = false;
  page.addEventListener("change", () => {
    for (const box of boxes) box.checked = page.checked;
    show();
  });
  list.addEventListener("change", show);
  // A browser that comes back to the page ticks what was ticked.
  show();
}

/**
 * @param {HTMLFormElement} list
 * @param {HTMLDialogElement} box
 * @param {Texts} t
 * @param {HTMLElement | null} submitter
 */
async function begin(list, box, t, submitter) {
  const name = submitter instanceof HTMLButtonElement ? submitter.value : "";
  const action = t.actions[name];
  if (!action) return;
  const { work, count } = read(list, name);
  const view = viewOf(box);
  view.reset(t);
  if (count === 0) return view.say(action.label, t.chooseFirst);
  const question = filled(action.confirm, count);
  const meaning = work.filter ? `${action.meaning} ${t.confirmAll}` : action.meaning;
  if (await view.ask(question, meaning, action.label)) await run(work, count, csrfOf(list), view, t, action);
}

/**
 * What the form means.
 * @param {HTMLFormElement} list
 * @param {string} action
 * @returns {{ work: Work, count: number }}
 */
function read(list, action) {
  const data = new FormData(list);
  const forMs = action === "cool" ? { forMs: Number(data.get("forMs")) } : {};
  if (data.get("all") !== "1") {
    const ids = data.getAll("ids").map(Number);
    return { work: { action, ...forMs, ids }, count: ids.length };
  }
  const entries = FILTERS.flatMap((name) => {
    const value = data.get(name);
    return typeof value === "string" && value !== "" ? [[name, value]] : [];
  });
  const total = list.querySelector("[data-pick-all]")?.getAttribute("data-total");
  return { work: { action, ...forMs, filter: Object.fromEntries(entries) }, count: Number(total) };
}

/**
 * Step after step, until the desk says that there is none.
 * @param {Work} work
 * @param {number} count
 * @param {string} csrf
 * @param {ReturnType<typeof viewOf>} view
 * @param {Texts} t
 * @param {Action} action
 */
async function run(work, count, csrf, view, t, action) {
  const sums = { done: 0, failed: 0, skipped: 0 };
  const looked = () => sums.done + sums.failed + sums.skipped;
  let total = count;
  let isRepeated = false;
  /** @type {string | null} */
  let next = null;

  /**
   * True after the last one.
   * @param {AbortSignal} stopped
   */
  async function step(stopped) {
    // A filter's first step only counts. So each that does something has a place to be repeated from, and whoever joins
    // meanwhile is behind its end.
    const place = next === null ? (work.filter ? { limit: 0 } : {}) : { after: next };
    /** @type {Report | undefined} */
    const report = await persist(
      () => call("/api/admin/keys/actions", { ...work, ...place }, csrf),
      stopped,
      (wait) => {
        isRepeated = true;
        view.wait(tellWait(t.retrying, t.noAnswer, wait));
      },
    );
    if (report === undefined) return false;
    sums.done += report.done;
    sums.failed += report.failed;
    sums.skipped += report.skipped;
    next = report.next;
    total = report.total;
    view.progress(t, looked(), Math.max(total, looked()));
    return next === null;
  }

  const outcome = () => [
    filled(action.done, sums.done),
    ...(sums.failed > 0 ? [filled(t.failed, sums.failed)] : []),
    ...(sums.skipped > 0 ? [filled(t.skipped, sums.skipped)] : []),
    ...(isRepeated ? [t.repeated] : []),
  ];

  /** From where the work stands to its end, or as far as it goes. */
  async function goOn() {
    const stopped = new AbortController();
    view.start(action.working, t.stop, () => stopped.abort());
    view.progress(t, looked(), Math.max(total, looked()));
    let isOver = false;
    try {
      while (!isOver && !stopped.signal.aborted) isOver = await step(stopped.signal);
    } catch (error) {
      if (error instanceof SignedOut) return view.leadToSignIn(t.stopped, [...outcome(), t.sessionOver]);
      const words = error instanceof Error ? error.message : "";
      const why = `${t.failedStep} ${words || t.noAnswer}`;
      return view.finish(t.stopped, [...outcome(), why], error instanceof Passing ? goOn : undefined);
    }
    view.finish(isOver ? t.finished : t.stopped, outcome(), isOver ? undefined : goOn);
  }

  await goOn();
}

/** @param {HTMLFormElement} list */
function csrfOf(list) {
  const token = new FormData(list).get("csrf");
  return typeof token === "string" ? token : "";
}

/**
 * @param {Counted} text
 * @param {number} count
 */
function filled(text, count) {
  const shown = new Intl.NumberFormat(document.documentElement.lang).format(count);
  return (count === 1 ? text.one : text.many).replace("{n}", shown);
}
