// Work on many keys: boxes that know of each other, a question before, and a bar while it goes on.

import { call, SignedOut, signInPath } from "./desk-call.js";

/**
 * @typedef {{ one: string, many: string }} Counted
 * @typedef {{ label: string, meaning: string, confirm: Counted, working: string, done: Counted }} Action
 * @typedef {{ actions: Record<string, Action>, failed: Counted, skipped: Counted, confirmAll: string, chooseFirst: string,
 *   progress: string, finished: string, stopped: string, stop: string, cancel: string, close: string, failedStep: string, sessionOver: string }} Texts
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
  let isStopped = false;
  view.start(action.working, t.stop, () => (isStopped = true));
  view.progress(t, 0, count);
  /** @type {string | null} */
  let next = null;
  try {
    do {
      /** @type {Report} */
      const report = await call(
        "/api/admin/keys/actions",
        { ...work, ...(next === null ? {} : { after: next }) },
        csrf,
      );
      sums.done += report.done;
      sums.failed += report.failed;
      sums.skipped += report.skipped;
      next = report.next;
      view.progress(t, looked(), Math.max(report.total, looked()));
    } while (next !== null && !isStopped);
  } catch (error) {
    const isSignedOut = error instanceof SignedOut;
    const why = isSignedOut ? t.sessionOver : `${t.failedStep} ${error instanceof Error ? error.message : ""}`;
    view.finish(t.stopped, [...outcome(sums, t, action), why], isSignedOut);
    return;
  }
  view.finish(next === null ? t.finished : t.stopped, outcome(sums, t, action));
}

/**
 * @param {{ done: number, failed: number, skipped: number }} sums
 * @param {Texts} t
 * @param {Action} action
 */
function outcome(sums, t, action) {
  return [
    filled(action.done, sums.done),
    ...(sums.failed > 0 ? [filled(t.failed, sums.failed)] : []),
    ...(sums.skipped > 0 ? [filled(t.skipped, sums.skipped)] : []),
  ];
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

/**
 * The dialog's parts.
 * @param {HTMLDialogElement} box
 */
function viewOf(box) {
  /** @param {string} name */
  const part = (name) => {
    const found = box.querySelector(`[data-work-${name}]`);
    if (!(found instanceof HTMLElement)) throw new Error(`data-work-${name} is missing`);
    return found;
  };
  const parts = {
    title: part("title"),
    text: part("text"),
    progress: part("progress"),
    count: part("count"),
    result: part("result"),
    cancel: part("cancel"),
    confirm: part("confirm"),
    close: part("close"),
    signIn: part("sign-in"),
  };
  const bar = part("bar");

  return {
    /** @param {Texts} t */
    reset(t) {
      parts.progress.hidden = true;
      parts.result.hidden = true;
      parts.text.hidden = false;
      parts.close.hidden = true;
      parts.cancel.hidden = false;
      parts.confirm.hidden = false;
      parts.cancel.textContent = t.cancel;
    },

    /**
     * @param {string} title
     * @param {string} text
     */
    say(title, text) {
      parts.title.textContent = title;
      parts.text.textContent = text;
      parts.confirm.hidden = true;
      parts.cancel.onclick = () => box.close();
      box.showModal();
    },

    /**
     * @param {string} title
     * @param {string} text
     * @param {string} label
     * @returns {Promise<boolean>}
     */
    ask(title, text, label) {
      parts.title.textContent = title;
      parts.text.textContent = text;
      parts.confirm.textContent = label;
      box.showModal();
      return new Promise((answer) => {
        parts.cancel.onclick = () => box.close();
        parts.confirm.onclick = () => answer(true);
        box.addEventListener("close", () => answer(false), { once: true });
      });
    },

    /**
     * @param {string} title
     * @param {string} stop
     * @param {() => void} onStop
     */
    start(title, stop, onStop) {
      parts.title.textContent = title;
      parts.text.hidden = true;
      parts.progress.hidden = false;
      parts.confirm.hidden = true;
      parts.cancel.textContent = stop;
      parts.cancel.onclick = onStop;
      // Escape must not hide a work that goes on.
      box.oncancel = (event) => event.preventDefault();
    },

    /**
     * @param {Texts} t
     * @param {number} done
     * @param {number} total
     */
    progress(t, done, total) {
      if (bar instanceof HTMLProgressElement) {
        bar.max = Math.max(total, 1);
        bar.value = done;
      }
      const format = new Intl.NumberFormat(document.documentElement.lang);
      parts.count.textContent = t.progress
        .replace("{done}", format.format(done))
        .replace("{total}", format.format(total));
    },

    /**
     * @param {string} title
     * @param {string[]} lines
     * @param {boolean} [isSignedOut]
     */
    finish(title, lines, isSignedOut = false) {
      parts.title.textContent = title;
      parts.result.hidden = false;
      parts.result.replaceChildren(
        ...lines.map((line) => {
          const item = document.createElement("li");
          item.textContent = line;
          return item;
        }),
      );
      parts.cancel.hidden = true;
      const way = isSignedOut ? parts.signIn : parts.close;
      way.hidden = false;
      if (parts.signIn instanceof HTMLAnchorElement) parts.signIn.href = signInPath();
      const leave = () => location.reload();
      parts.close.onclick = leave;
      box.oncancel = leave;
      way.focus();
    },
  };
}
