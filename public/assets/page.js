// What every page can do with JavaScript: copy buttons, and times as the reader's own clock tells them.

import { locale } from "./locale.js";

const SHOWN_FOR_MS = 2000;

for (const button of document.querySelectorAll("button[data-copy]")) {
  if (button instanceof HTMLButtonElement) enliven(button);
}
for (const time of document.querySelectorAll("time[data-time]")) {
  if (time instanceof HTMLTimeElement) tellLocally(time);
}

/**
 * Copies the text beside it. Where that is forbidden (a page without TLS) the text is selected instead.
 * @param {HTMLButtonElement} button
 */
function enliven(button) {
  const source = button.parentElement?.querySelector("[data-copy-source]");
  const label = button.querySelector("[data-copy-label]");
  if (!source || !label) return;
  const usual = label.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const done = await copy(source);
    label.textContent = (done ? button.dataset["copied"] : button.dataset["copyFailed"]) ?? usual;
    setTimeout(() => (label.textContent = usual), SHOWN_FOR_MS);
  });
}

/**
 * @param {Element} source
 * @returns {Promise<boolean>}
 */
async function copy(source) {
  try {
    await navigator.clipboard.writeText(source.textContent ?? "");
    return true;
  } catch {
    getSelection()?.selectAllChildren(source);
    return false;
  }
}

/**
 * The server wrote UTC.
 * @param {HTMLTimeElement} time
 */
function tellLocally(time) {
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.getTime())) return;
  /** @type {Record<string, Intl.DateTimeFormatOptions>} */
  const formats = {
    hour: { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" },
    day: { dateStyle: "medium" },
    full: { dateStyle: "medium", timeStyle: "short" },
  };
  time.title = at.toISOString();
  time.textContent = new Intl.DateTimeFormat(locale, formats[time.dataset["time"] ?? "full"] ?? formats["full"]).format(
    at,
  );
}
