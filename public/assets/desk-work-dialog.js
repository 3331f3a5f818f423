// The dialog in which work on keys is asked about, goes on, and ends.

import { signInPath } from "./desk-call.js";

/**
 * @param {HTMLDialogElement} box
 */
export function viewOf(box) {
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
    goOn: part("go-on"),
    wait: part("wait"),
    signIn: part("sign-in"),
  };
  const bar = part("bar");

  return {
    /** @param {{ progress: string, cancel: string }} t */
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
      for (const past of [parts.text, parts.result, parts.confirm, parts.close, parts.goOn, parts.wait])
        past.hidden = true;
      parts.progress.hidden = false;
      parts.cancel.hidden = false;
      parts.cancel.textContent = stop;
      parts.cancel.onclick = onStop;
      // Escape must not hide a work that goes on.
      box.oncancel = (event) => event.preventDefault();
    },

    /**
     * @param {{ progress: string, cancel: string }} t
     * @param {number} done
     * @param {number} total
     */
    progress(t, done, total) {
      parts.wait.hidden = true;
      if (bar instanceof HTMLProgressElement) {
        bar.max = Math.max(total, 1);
        bar.value = done;
      }
      const format = new Intl.NumberFormat(document.documentElement.lang);
      parts.count.textContent = t.progress
        .replace("{done}", format.format(done))
        .replace("{total}", format.format(total));
    },

    /** @param {string} text */
    wait(text) {
      parts.wait.textContent = text;
      parts.wait.hidden = false;
    },

    /**
     * @param {string} title
     * @param {string[]} lines
     * @param {() => void} [onGoOn]
     */
    finish(title, lines, onGoOn) {
      tell(title, lines);
      parts.close.hidden = false;
      parts.goOn.hidden = onGoOn === undefined;
      if (onGoOn) parts.goOn.onclick = onGoOn;
      (onGoOn ? parts.goOn : parts.close).focus();
    },

    /**
     * @param {string} title
     * @param {string[]} lines
     */
    leadToSignIn(title, lines) {
      tell(title, lines);
      parts.signIn.hidden = false;
      if (parts.signIn instanceof HTMLAnchorElement) parts.signIn.href = signInPath();
      parts.signIn.focus();
    },
  };

  /**
   * @param {string} title
   * @param {string[]} lines
   */
  function tell(title, lines) {
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
    parts.wait.hidden = true;
    const leave = () => location.reload();
    parts.close.onclick = leave;
    box.oncancel = leave;
  }
}
