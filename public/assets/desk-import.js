// Imports a pasted text step by step, and shows how it goes. The text stays on this page: it is sent, and never put back.

import { call, SignedOut } from "./desk-call.js";

/**
 * @typedef {{ working: string, progress: string, finished: string, stopped: string, failedStep: string, sessionOver: string,
 *   nothing: string, findings: Record<string, string> }} Texts
 * @typedef {{ found: number, duplicates: number, new: number, restored: number, known: number, withdrawn: number,
 *   waiting: number, rejected: { lastFour: string, why: string }[], remaining: number, after: number | null }} Report
 */

const SUMMED = /** @type {const} */ (["new", "restored", "known", "withdrawn", "waiting"]);
const MAX_SHOWN = 200;

const form = document.querySelector("form[data-import]");
const section = document.querySelector("[data-import-report]");
const texts = document.querySelector("[data-import-texts]")?.textContent;

if (form instanceof HTMLFormElement && section instanceof HTMLElement && texts) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void run(form, section, JSON.parse(texts));
  });
}

/**
 * @param {HTMLFormElement} source
 * @param {HTMLElement} report
 * @param {Texts} t
 */
async function run(source, report, t) {
  const data = new FormData(source);
  const text = textOf(data.get("text"));
  const note = textOf(data.get("note"));
  const csrf = textOf(data.get("csrf"));
  const button = source.querySelector('button[type="submit"]');
  const stop = report.querySelector("[data-import-stop]");
  if (!(button instanceof HTMLButtonElement) || !(stop instanceof HTMLButtonElement)) return;
  let isStopped = false;
  stop.onclick = () => (isStopped = true);
  button.disabled = true;
  const view = viewOf(report, t);
  view.start();
  /** @type {number | null} */
  let after = Number(data.get("after") ?? 0);
  let title = t.stopped;
  try {
    while (after !== null && !isStopped) {
      /** @type {Report} */
      const answer = await call("/api/admin/keys/import", { text, note, after }, csrf);
      view.add(answer);
      if (answer.found === 0) title = t.nothing;
      after = answer.after;
      if (after === null && answer.found > 0) title = t.finished;
    }
  } catch (error) {
    const isSignedOut = error instanceof SignedOut;
    title = isSignedOut ? t.sessionOver : `${t.failedStep} ${error instanceof Error ? error.message : ""}`;
    if (isSignedOut) view.leadToSignIn();
  }
  view.end(title);
  button.disabled = false;
  if (after === null) source.reset();
}

/** @param {FormDataEntryValue | null} value */
function textOf(value) {
  return typeof value === "string" ? value : "";
}

/**
 * @param {HTMLElement} report
 * @param {Texts} t
 */
function viewOf(report, t) {
  const format = new Intl.NumberFormat(document.documentElement.lang);
  const sums = { new: 0, restored: 0, known: 0, withdrawn: 0, waiting: 0 };
  let rejected = 0;
  const title = report.querySelector("[data-import-title]");
  const progress = report.querySelector("[data-import-progress]");
  const bar = report.querySelector("[data-import-bar]");
  const count = report.querySelector("[data-import-count]");
  const list = report.querySelector("[data-import-rejected]");
  const rows = report.querySelector("[data-import-rows]");
  const signIn = report.querySelector("[data-import-sign-in]");

  /**
   * @param {string} name
   * @param {number} value
   */
  const show = (name, value) => {
    const place = report.querySelector(`[data-import-value="${name}"]`);
    if (place) place.textContent = format.format(value);
  };

  /** @param {{ lastFour: string, why: string }} key */
  const addRow = ({ lastFour, why }) => {
    const row = document.createElement("tr");
    const end = document.createElement("th");
    const reason = document.createElement("td");
    end.scope = "row";
    end.className = "mono";
    end.textContent = `…${lastFour}`;
    reason.textContent = Object.hasOwn(t.findings, why) ? (t.findings[why] ?? why) : why;
    row.append(end, reason);
    rows?.append(row);
  };

  return {
    start() {
      report.hidden = false;
      for (const old of report.querySelectorAll(".notice")) old.remove();
      if (title) title.textContent = t.working;
      if (progress instanceof HTMLElement) progress.hidden = false;
      if (bar instanceof HTMLProgressElement) bar.removeAttribute("value");
      if (list instanceof HTMLElement) list.hidden = true;
      rows?.replaceChildren();
      for (const name of ["found", "duplicates", "rejected", ...SUMMED]) show(name, 0);
      report.scrollIntoView({ block: "nearest" });
    },

    /** @param {Report} step */
    add(step) {
      for (const name of SUMMED) {
        sums[name] += step[name];
        show(name, sums[name]);
      }
      show("found", step.found);
      show("duplicates", step.duplicates);
      for (const key of step.rejected.slice(0, MAX_SHOWN - rejected)) addRow(key);
      rejected += step.rejected.length;
      show("rejected", rejected);
      if (list instanceof HTMLElement) list.hidden = rejected === 0;
      const done = step.found - step.remaining;
      if (bar instanceof HTMLProgressElement) {
        bar.max = Math.max(1, step.found);
        bar.value = done;
      }
      if (count) {
        count.textContent = t.progress
          .replace("{done}", format.format(done))
          .replace("{total}", format.format(step.found));
      }
    },

    leadToSignIn() {
      if (signIn instanceof HTMLElement) signIn.hidden = false;
    },

    /** @param {string} text */
    end(text) {
      if (title) title.textContent = text;
      if (progress instanceof HTMLElement) progress.hidden = true;
    },
  };
}
