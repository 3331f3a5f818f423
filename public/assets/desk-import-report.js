// Where an import stands, as the page of imports shows it.

/**
 * @typedef {{ found: number, duplicates: number, new: number, restored: number, known: number, withdrawn: number,
 *   waiting: number, rejected: { lastFour: string, why: string }[], remaining: number, after: number | null }} Report
 */

const SUMMED = /** @type {const} */ (["new", "restored", "known", "withdrawn", "waiting"]);
const MAX_SHOWN = 200;

/**
 * @param {HTMLElement} report
 * @param {{ working: string, progress: string, findings: Record<string, string> }} t
 */
export function viewOf(report, t) {
  const format = new Intl.NumberFormat(document.documentElement.lang);
  const sums = { new: 0, restored: 0, known: 0, withdrawn: 0, waiting: 0 };
  let rejected = 0;
  let total = 0;
  const title = report.querySelector("[data-import-title]");
  const progress = report.querySelector("[data-import-progress]");
  const bar = report.querySelector("[data-import-bar]");
  const count = report.querySelector("[data-import-count]");
  const list = report.querySelector("[data-import-rejected]");
  const rows = report.querySelector("[data-import-rows]");
  const signIn = report.querySelector("[data-import-sign-in]");
  const wait = report.querySelector("[data-import-wait]");
  const repeated = report.querySelector("[data-import-repeated]");

  /**
   * @param {Element | null} place
   * @param {string} text
   */
  const say = (place, text) => {
    if (place) place.textContent = text;
  };

  /**
   * @param {Element | null} place
   * @param {boolean} isHidden
   */
  const hide = (place, isHidden) => {
    if (place instanceof HTMLElement) place.hidden = isHidden;
  };

  /** @param {number} at */
  const showPlace = (at) => {
    const done = Math.min(at, total);
    if (bar instanceof HTMLProgressElement) {
      bar.max = Math.max(1, total);
      bar.value = done;
    }
    say(count, t.progress.replace("{done}", format.format(done)).replace("{total}", format.format(total)));
  };

  /**
   * @param {string} name
   * @param {number} value
   */
  const show = (name, value) => {
    say(report.querySelector(`[data-import-value="${name}"]`), format.format(value));
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
    /**
     * @param {number} found
     * @param {number} duplicates
     */
    start(found, duplicates) {
      total = found;
      report.hidden = false;
      for (const old of report.querySelectorAll(".notice")) old.remove();
      for (const part of [list, signIn, repeated]) hide(part, true);
      rows?.replaceChildren();
      for (const name of ["rejected", ...SUMMED]) show(name, 0);
      show("found", found);
      show("duplicates", duplicates);
      report.scrollIntoView({ block: "nearest" });
    },

    /** @param {number} at */
    run(at) {
      say(title, t.working);
      hide(wait, true);
      hide(progress, false);
      showPlace(at);
    },

    /** @param {string} text */
    wait(text) {
      say(wait, text);
      hide(wait, false);
    },

    /**
     * @param {Report} step
     * @param {number} at
     */
    add(step, at) {
      hide(wait, true);
      for (const name of SUMMED) {
        sums[name] += step[name];
        show(name, sums[name]);
      }
      for (const key of step.rejected.slice(0, Math.max(0, MAX_SHOWN - rejected))) addRow(key);
      rejected += step.rejected.length;
      show("rejected", rejected);
      hide(list, rejected === 0);
      showPlace(at);
    },

    leadToSignIn() {
      hide(signIn, false);
    },

    /**
     * @param {string} text
     * @param {string} [why]
     * @param {boolean} [isRepeated]
     */
    end(text, why = "", isRepeated = false) {
      say(title, text);
      say(wait, why);
      hide(wait, why === "");
      hide(progress, true);
      hide(repeated, !isRepeated);
    },
  };
}
