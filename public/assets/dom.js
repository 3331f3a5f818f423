// What the client modules need of the page again and again. Text goes in as text: nothing here makes markup of it.

/**
 * The element that the page must have.
 * @param {string} selector
 * @returns {HTMLElement}
 */
export function find(selector) {
  const element = document.querySelector(selector);
  if (!(element instanceof HTMLElement)) throw new Error(`${selector} is missing`);
  return element;
}

/**
 * A new element with a class and a text.
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {string} [text]
 * @param {string} [className]
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function make(name, text = "", className = "") {
  const element = document.createElement(name);
  element.textContent = text;
  if (className !== "") element.className = className;
  return element;
}

/**
 * The texts that the page brings for its script.
 * @param {string} selector
 */
export function readTexts(selector) {
  return JSON.parse(find(selector).textContent ?? "{}");
}

/**
 * Says how a form fares, below it; read aloud by screen readers.
 * @param {HTMLElement} message
 * @param {string} text
 * @param {boolean} [isWrong]
 */
export function say(message, text, isWrong = false) {
  message.textContent = text;
  message.classList.toggle("form-message--wrong", isWrong);
}
