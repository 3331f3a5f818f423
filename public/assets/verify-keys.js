// Checks several keys by POST /verify, a batch at a time, and tells of each as its event comes.

import { find, make, readTexts, say } from "./dom.js";
import { readEvents } from "./sse.js";

/** What one request of the Worker checks (src/surfaces/verify.ts). */
const BATCH = 40;

/** @type {Record<string, string>} */
const TONES = {
  works: "good",
  invalid: "bad",
  not_a_key: "bad",
  not_allowed: "bad",
  out_of_quota: "warning",
  busy: "warning",
  place_refused: "warning",
  google_unreachable: "warning",
  too_many_new_keys: "warning",
};

const texts = readTexts("[data-my-key-texts]");
const form = find("[data-verify-form]");
const field = /** @type {HTMLTextAreaElement} */ (find("#keys"));
const message = find("[data-verify-message]");
const result = find("[data-verify-result]");
const body = find("[data-verify-rows]");
const progress = /** @type {HTMLProgressElement} */ (find("[data-verify-progress]"));
const startButton = find("[data-verify-start]");
const stopButton = find("[data-verify-stop]");
const showButton = find("[data-keys-show]");

/** @type {AbortController | undefined} */
let running;

form.hidden = false;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const keys = [...new Set(field.value.split(/[\s,;"']+/))].filter((word) => word !== "");
  if (keys.length === 0) say(message, texts.noKeys, true);
  else void checkAll(keys);
});
stopButton.addEventListener("click", () => running?.abort());
showButton.addEventListener("click", () => mask(!field.classList.contains("is-masked")));
addEventListener("pagehide", () => {
  running?.abort();
  field.value = "";
  mask(true);
  body.replaceChildren();
  result.hidden = true;
  say(message, "");
});

/** @param {string[]} keys */
async function checkAll(keys) {
  running?.abort();
  const mine = (running = new AbortController());
  const rows = keys.map((key, index) => addRow(key, index));
  body.replaceChildren(...rows.map(({ row }) => row));
  result.hidden = false;
  setRunning(true);
  let done = 0;
  let works = 0;
  const tally = () => {
    progress.max = keys.length;
    progress.value = done;
    say(message, fill(texts.summary, { done, all: keys.length, works }));
  };
  tally();
  try {
    for (let start = 0; start < keys.length; start += BATCH) {
      for await (const { index, finding } of check(keys.slice(start, start + BATCH), mine.signal)) {
        rows[start + index]?.tell(finding);
        done += 1;
        if (finding === "works") works += 1;
        tally();
      }
    }
  } catch {
    if (!mine.signal.aborted) say(message, texts.offline, true);
  }
  for (const row of rows) row.end();
  if (running === mine) setRunning(false);
}

/**
 * @param {string[]} keys
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<{ index: number, finding: string }>}
 */
async function* check(keys, signal) {
  const response = await fetch("/verify", {
    method: "POST",
    headers: { "content-type": "text/plain" },
    body: keys.join("\n"),
    cache: "no-store",
    credentials: "omit",
    signal,
  });
  if (!response.ok) throw new Error(`the pool answered ${response.status}`);
  for await (const { event, data } of readEvents(response)) if (event === "key") yield JSON.parse(data);
}

/**
 * @param {string} key
 * @param {number} index
 */
function addRow(key, index) {
  const row = make("tr");
  const number = make("td", String(index + 1), "is-number");
  const name = make("th", key.length < 8 ? "••••" : `••••${key.slice(-4)}`, "mono");
  name.scope = "row";
  const cell = make("td");
  const pill = make("span", texts.waiting, "pill");
  cell.append(pill);
  row.append(number, name, cell);
  let isTold = false;
  return {
    row,
    tell(/** @type {string} */ finding) {
      isTold = true;
      pill.className = `pill pill--${TONES[finding] ?? "plain"}`;
      pill.textContent = texts.findings[finding] ?? finding;
    },
    end() {
      if (!isTold) pill.textContent = texts.stopped;
    },
  };
}

/** @param {boolean} isRunning */
function setRunning(isRunning) {
  startButton.hidden = isRunning;
  stopButton.hidden = !isRunning;
}

/**
 * @param {string} text
 * @param {Record<string, number>} values
 */
function fill(text, values) {
  return text.replaceAll(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** @param {boolean} isMasked */
function mask(isMasked) {
  field.classList.toggle("is-masked", isMasked);
  showButton.textContent = (isMasked ? showButton.dataset["keysShow"] : showButton.dataset["keysHide"]) ?? "";
}
