// A contributor's key: looked up, withdrawn, let in again. The key stands in one variable of this module and in the
// header of the requests, and is forgotten when the page is left.

import { find, make, readTexts, say } from "./dom.js";
import { countDown } from "./durations.js";
import { locale } from "./locale.js";

/**
 * @typedef {{ status: string, reason: string | null, endsWith: string | null, uses: number, contributedAt: string,
 *   lastUsedAt: string | null, restingForSeconds: number,
 *   coolings: { model: string, kind: string, secondsLeft: number }[] }} KeyReport
 */

/** What the Worker takes for a key (src/api-key.ts). */
const LOOKS_LIKE_A_KEY = /^[\x21-\x2b\x2d-\x7e]{8,512}$/;

/** @type {Record<string, string>} */
const TONES = { active: "good", cooling: "info", resting: "warning", rejoining: "info", retired: "bad" };

const texts = readTexts("[data-my-key-texts]");
const form = find("[data-key-form]");
const field = /** @type {HTMLInputElement} */ (find("#key"));
const message = find("[data-key-message]");
const result = find("[data-key-result]");
const dialog = /** @type {HTMLDialogElement} */ (find("[data-withdraw-dialog]"));
const showButton = find("[data-key-show]");

let key = "";

form.hidden = false;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  void lookUp(field.value.trim());
});
showButton.addEventListener("click", () => mask(field.type === "text"));
find("[data-key-withdraw]").addEventListener("click", () => dialog.showModal());
find("[data-withdraw-cancel]").addEventListener("click", () => dialog.close());
find("[data-withdraw-confirm]").addEventListener("click", () => {
  dialog.close();
  void change("DELETE", texts.withdrawn);
});
find("[data-key-rejoin]").addEventListener("click", () => void change("POST", texts.rejoining));
find("[data-key-another]").addEventListener("click", () => {
  forget();
  field.focus();
});
// Also when the page goes into the browser's cache for "back": nobody who sits down here next finds the key.
addEventListener("pagehide", forget);

function forget() {
  key = "";
  field.value = "";
  mask(true);
  message.textContent = "";
  result.hidden = true;
  if (dialog.open) dialog.close();
}

/** @param {string} given */
async function lookUp(given) {
  result.hidden = true;
  if (!LOOKS_LIKE_A_KEY.test(given)) return say(message, texts.notAKey, true);
  const report = await ask("GET", given);
  if (report === undefined) return;
  key = given;
  field.value = "";
  mask(true);
  say(message, "");
  show(report);
  result.focus();
}

/**
 * @param {"DELETE" | "POST"} method
 * @param {string} done
 */
async function change(method, done) {
  const subject = key;
  if ((await ask(method, subject)) === undefined) return;
  const report = await ask("GET", subject);
  // Left meanwhile: then nothing of it is shown any more.
  if (report === undefined || key !== subject) return;
  show(report);
  say(message, done);
  // The button that was pressed is gone.
  result.focus();
}

/**
 * The answer's JSON; undefined, and said why, if it is none to work with.
 * @param {"GET" | "DELETE" | "POST"} method
 * @param {string} subject
 * @returns {Promise<KeyReport | undefined>}
 */
async function ask(method, subject) {
  say(message, texts.working);
  form.setAttribute("aria-busy", "true");
  try {
    const headers = { "x-goog-api-key": subject };
    const response = await fetch("/key", { method, headers, cache: "no-store", credentials: "omit" });
    if (response.ok) return await response.json();
    say(message, problemOf(response.status), true);
  } catch {
    say(message, texts.offline, true);
  } finally {
    form.removeAttribute("aria-busy");
  }
  return undefined;
}

/** @param {number} status */
function problemOf(status) {
  if (status === 404) return texts.notHere;
  if (status === 429) return texts.tooMany;
  if (status === 403) return texts.closed;
  return status < 500 ? texts.notAKey : texts.failed;
}

/** @param {KeyReport} report */
function show(report) {
  const state = stateOf(report);
  const words = texts.status[state] ?? { name: report.status, text: "" };
  // Of a key that left, the pool does not know the end any more.
  put("endsWith", `••••${report.endsWith ?? key.slice(-4)}`);
  put("status", words.name);
  put("explanation", words.text);
  find('[data-slot="status"]').className = `pill pill--${TONES[state] ?? "plain"}`;
  put("uses", new Intl.NumberFormat(locale).format(report.uses));
  put("contributedAt", tellDate(report.contributedAt));
  put("lastUsedAt", report.lastUsedAt === null ? "" : tellDate(report.lastUsedAt));
  put("reason", state === "retired" ? (report.reason ?? "") : "");
  put("restingFor", "");
  if (report.restingForSeconds > 0) {
    put("restingFor", "…");
    count(find('[data-slot="restingFor"]'), report.restingForSeconds);
  }
  showCoolings(report.coolings);
  find("[data-key-withdraw]").hidden = report.status === "withdrawn" || report.status === "deleted";
  find("[data-key-rejoin]").hidden = report.status !== "withdrawn";
  result.hidden = false;
}

/** @param {KeyReport} report */
function stateOf({ status, reason, restingForSeconds, coolings }) {
  if (status === "retired" && reason === "rejoining") return "rejoining";
  if (status !== "active") return status;
  if (restingForSeconds > 0) return "resting";
  return coolings.length > 0 ? "cooling" : "active";
}

/** @param {KeyReport["coolings"]} coolings */
function showCoolings(coolings) {
  const rows = coolings.map(({ model, kind, secondsLeft }) => {
    const row = make("tr");
    const left = make("td", "", "is-number");
    const name = make("th", model);
    name.scope = "row";
    row.append(name, make("td", texts.kinds[kind] ?? kind), left);
    return { row, left, secondsLeft };
  });
  find('[data-slot="coolings"]').replaceChildren(...rows.map(({ row }) => row));
  find("[data-key-coolings]").hidden = rows.length === 0;
  for (const { left, secondsLeft } of rows) count(left, secondsLeft);
}

/**
 * @param {HTMLElement} element
 * @param {number} seconds
 */
function count(element, seconds) {
  countDown(element, seconds, { lang: locale, over: find('[data-slot="coolings"]').dataset["over"] ?? "" });
}

/**
 * Fills a place; a fact without a value says so, or is left out.
 * @param {string} slot
 * @param {string} text
 */
function put(slot, text) {
  const place = find(`[data-slot="${slot}"]`);
  place.textContent = text === "" ? (place.dataset["empty"] ?? "") : text;
  const fact = place.closest("[data-fact]");
  if (fact instanceof HTMLElement) fact.hidden = place.textContent === "";
}

/** @param {string} iso */
function tellDate(iso) {
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));
}

/** @param {boolean} isMasked */
function mask(isMasked) {
  field.type = isMasked ? "password" : "text";
  showButton.textContent = (isMasked ? showButton.dataset["keyShow"] : showButton.dataset["keyHide"]) ?? "";
}
