/** Draws a flat badge as SVG. Pure. */

export interface Badge {
  label: string;
  message: string;
  colour: BadgeColour;
}

export type BadgeColour = keyof typeof COLOURS;

/** White text has a contrast of at least 4.5 on each. */
const COLOURS = { grey: "#6b6259", mustard: "#8f5f0a", leaf: "#3a722c" } as const;
const LABEL_COLOUR = "#4a4039";

const HEIGHT = 20;
const PADDING = 7;
const FONT = "Verdana,Geneva,'DejaVu Sans','PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif";

/** Widths in pixels at 11 px, as Verdana has them; `textLength` makes up for other fonts. */
const NARROW = 4.2;
const USUAL = 6.9;
const BROAD = 9.2;
const FULL = 11;

export function drawBadge({ label, message, colour }: Badge): string {
  const labelWidth = Math.round(widthOf(label));
  const messageWidth = Math.round(widthOf(message));
  const left = labelWidth + 2 * PADDING;
  const right = messageWidth + 2 * PADDING;
  const title = escapeXml(`${label}: ${message}`);
  const text = (x: number, width: number, words: string) =>
    `<text x="${x}" y="14" textLength="${width}">${escapeXml(words)}</text>`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="${HEIGHT}" role="img" aria-label="${title}">` +
    `<title>${title}</title>` +
    `<clipPath id="r"><rect width="${left + right}" height="${HEIGHT}" rx="4"/></clipPath>` +
    `<g clip-path="url(#r)"><path fill="${LABEL_COLOUR}" d="M0 0h${left}v${HEIGHT}H0z"/>` +
    `<path fill="${COLOURS[colour]}" d="M${left} 0h${right}v${HEIGHT}H${left}z"/></g>` +
    `<g fill="#fff" font-family="${FONT}" font-size="11" text-rendering="geometricPrecision">` +
    text(PADDING, labelWidth, label) +
    text(left + PADDING, messageWidth, message) +
    "</g></svg>"
  );
}

function widthOf(text: string): number {
  return Array.from(text).reduce((width, character) => width + widthOfOne(character), 0);
}

function widthOfOne(character: string): number {
  if (/[ fijlrtI.,:;'|!()[\]-]/.test(character)) return NARROW;
  if (/[mwMW@%]/.test(character)) return BROAD;
  return /[\u2e80-\u{3ffff}]/u.test(character) ? FULL : USUAL;
}

/** For text and for attributes in double quotes. */
function escapeXml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
