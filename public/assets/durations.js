// Times left, told in the page's language and counted down while somebody looks.

/**
 * The two largest units that are not nothing: "1 hr 5 min", "40 sec".
 * @param {number} seconds
 * @param {string} lang
 * @returns {string}
 */
export function tellSeconds(seconds, lang) {
  const whole = Math.max(0, Math.ceil(seconds));
  /** @type {[string, number][]} */
  const parts = [
    ["day", Math.floor(whole / 86_400)],
    ["hour", Math.floor(whole / 3600) % 24],
    ["minute", Math.floor(whole / 60) % 60],
    ["second", whole % 60],
  ];
  const first = parts.findIndex(([, amount]) => amount > 0);
  if (first === -1) return tellOne("second", 0, lang);
  const shown = parts.slice(first, first + 2).filter(([, amount]) => amount > 0);
  return shown.map(([unit, amount]) => tellOne(unit, amount, lang)).join(" ");
}

/**
 * @param {string} unit
 * @param {number} amount
 * @param {string} lang
 */
function tellOne(unit, amount, lang) {
  return new Intl.NumberFormat(lang, { style: "unit", unit, unitDisplay: "short" }).format(amount);
}

/**
 * Writes the time left into the element, again each second, until it is over or the element is gone.
 * @param {HTMLElement} element
 * @param {number} seconds
 * @param {{ lang: string, over: string }} words
 */
export function countDown(element, seconds, { lang, over }) {
  const end = Date.now() + seconds * 1000;
  const tell = () => {
    const left = (end - Date.now()) / 1000;
    element.textContent = left > 0 ? tellSeconds(left, lang) : over;
    return left > 0 && element.isConnected;
  };
  if (!tell()) return;
  const timer = setInterval(() => {
    if (!tell()) clearInterval(timer);
  }, 1000);
}
