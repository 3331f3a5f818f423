// Imports a pasted text step by step, and shows how it goes. The text stays on this page: the keys in it are sent, some at
// a time, and never put back.

import { call, Passing, SignedOut } from "./desk-call.js";
import { createFinder } from "./desk-find-keys.js";
import { viewOf } from "./desk-import-report.js";
import { persist, tellWait } from "./desk-persist.js";

/**
 * @typedef {{ working: string, progress: string, finished: string, stopped: string, failedStep: string, sessionOver: string,
 *   noAnswer: string, retrying: string, nothing: string, findings: Record<string, string>,
 *   patterns: import("./desk-find-keys.js").Patterns }} Texts
 * @typedef {{ keys: string[], at: number, size: number, note: string, csrf: string, isRepeated: boolean }} Work
 * @typedef {{ form: HTMLFormElement, begin: HTMLButtonElement, stop: HTMLButtonElement, goOn: HTMLButtonElement }} Controls
 */

/** So many are asked at Google in one step. */
const STEP = 40;

/** Who is known already is not asked: of those, more at a time. */
const MAX_STEP = 160;

const form = document.querySelector("form[data-import]");
const section = document.querySelector("[data-import-report]");
const texts = document.querySelector("[data-import-texts]")?.textContent;
const begin = form?.querySelector('button[type="submit"]');
const stop = section?.querySelector("[data-import-stop]");
const goOn = section?.querySelector("[data-import-go-on]");

if (
  form instanceof HTMLFormElement &&
  section instanceof HTMLElement &&
  begin instanceof HTMLButtonElement &&
  stop instanceof HTMLButtonElement &&
  goOn instanceof HTMLButtonElement &&
  texts
) {
  const controls = { form, begin, stop, goOn };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void start(controls, section, JSON.parse(texts));
  });
}

/**
 * @param {Controls} controls
 * @param {HTMLElement} report
 * @param {Texts} t
 */
async function start(controls, report, t) {
  const data = new FormData(controls.form);
  const { keys, duplicates } = createFinder(t.patterns)(textOf(data.get("text")));
  const note = textOf(data.get("note"));
  const csrf = textOf(data.get("csrf"));
  const view = viewOf(report, t);
  view.start(keys.length, duplicates);
  const work = { keys, at: 0, size: STEP, note, csrf, isRepeated: false };
  if (keys.length === 0) return view.end(t.nothing);
  await run(work, controls, view, t);
}

/**
 * From where the work stands to its end, or as far as it goes.
 * @param {Work} work
 * @param {Controls} controls
 * @param {ReturnType<typeof viewOf>} view
 * @param {Texts} t
 * @returns {Promise<void>}
 */
async function run(work, controls, view, t) {
  const stopped = new AbortController();
  controls.stop.onclick = () => stopped.abort();
  controls.begin.disabled = true;
  controls.goOn.hidden = true;
  view.run(work.at);
  let why = "";
  let mayGoOn = true;
  try {
    while (work.at < work.keys.length && !stopped.signal.aborted) await step(work, stopped.signal, view, t);
  } catch (error) {
    const isSignedOut = error instanceof SignedOut;
    mayGoOn = error instanceof Passing;
    const words = error instanceof Error ? error.message : "";
    why = isSignedOut ? t.sessionOver : `${t.failedStep} ${words || t.noAnswer}`;
    if (isSignedOut) view.leadToSignIn();
  }
  const isOver = work.at >= work.keys.length;
  view.end(isOver ? t.finished : t.stopped, why, work.isRepeated);
  controls.begin.disabled = false;
  if (isOver) return controls.form.reset();
  controls.goOn.hidden = !mayGoOn;
  controls.goOn.onclick = () => void run(work, controls, view, t);
  if (mayGoOn) controls.goOn.focus();
}

/**
 * The next keys. Each is a line of its own and there once, so the place where the desk left off is one in the list.
 * @param {Work} work
 * @param {AbortSignal} stopped
 * @param {ReturnType<typeof viewOf>} view
 * @param {Texts} t
 */
async function step(work, stopped, view, t) {
  const part = work.keys.slice(work.at, work.at + work.size);
  const body = { text: part.join("\n"), note: work.note };
  /** @type {import("./desk-import-report.js").Report | undefined} */
  const answer = await persist(
    () => call("/api/admin/keys/import", body, work.csrf),
    stopped,
    (wait) => {
      work.isRepeated = true;
      view.wait(tellWait(t.retrying, t.noAnswer, wait));
    },
  );
  if (answer === undefined) return;
  work.at += answer.after ?? part.length;
  const areAllKnown = answer.known + answer.withdrawn === part.length;
  work.size = areAllKnown ? Math.min(MAX_STEP, 2 * work.size) : STEP;
  view.add(answer, work.at);
}

/** @param {FormDataEntryValue | null} value */
function textOf(value) {
  return typeof value === "string" ? value : "";
}
