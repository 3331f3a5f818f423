import type { Child } from "hono/jsx";

/** How many places are laid; a larger pool fills them all. */
const PLACES = 12;

const CENTRE = 200;
const PLATES_AT = 142;
const PLATE = 27;

/** What people bring, in turn; each is drawn around (0, 0). */
const DISHES: readonly (() => Child)[] = [
  () => (
    <g class="dish dish--mustard">
      <circle r="15" />
      <path class="dish__mark" d="M-15 0H15M-10.6-10.6 10.6 10.6M-10.6 10.6 10.6-10.6M0-15V15" />
    </g>
  ),
  () => (
    <g class="dish dish--leaf">
      <path d="M-13 5C-14-7-4-14 6-12 13-10 15-1 11 6 6 14-6 15-13 5z" />
      <path class="dish__mark" d="M-8 6C-3 1 2-3 8-7M-4-3-2 1M3-6 3-2" />
    </g>
  ),
  () => (
    <g class="dish dish--tomato">
      <circle r="15" />
      <path class="dish__mark" d="M-8-2c4-5 8 3 12-1s4 1 5 2M-8 5c4-4 7 2 11-1" />
    </g>
  ),
  () => (
    <g class="dish dish--plum">
      <circle cx="-6" cy="-5" r="6.5" />
      <circle cx="7" cy="-4" r="6.5" />
      <circle cx="0" cy="7" r="6.5" />
    </g>
  ),
];

/** The pool as a table seen from above: as many places taken as there are keys, as far as they go. */
export function TableScene({ taken, label, children }: { taken: number; label: string; children?: Child }) {
  return (
    <div class="scene">
      <svg class="scene__drawing" viewBox="0 0 400 400" role="img" aria-label={label}>
        <defs>
          <pattern id="cloth" width="24" height="24" patternUnits="userSpaceOnUse">
            <path class="scene__thread" d="M0 0H12V24H0z" />
            <path class="scene__thread" d="M0 0H24V12H0z" />
          </pattern>
        </defs>
        <circle class="scene__shadow" cx={CENTRE} cy={CENTRE + 5} r="192" />
        <circle class="scene__table" cx={CENTRE} cy={CENTRE} r="190" />
        <circle fill="url(#cloth)" cx={CENTRE} cy={CENTRE} r="190" />
        <circle class="scene__hem" cx={CENTRE} cy={CENTRE} r="184" />
        {Array.from({ length: PLACES }, (_, place) => (
          <Place place={place} dish={place < taken ? DISHES[place % DISHES.length] : undefined} />
        ))}
        <circle class="scene__middle" cx={CENTRE} cy={CENTRE} r="92" />
        <circle class="scene__middle-rim" cx={CENTRE} cy={CENTRE} r="82" />
      </svg>
      <p class="scene__count">{children}</p>
    </div>
  );
}

/** A plate, or where nobody has sat down yet the place for one. */
function Place({ place, dish }: { place: number; dish: (() => Child) | undefined }) {
  const angle = (place / PLACES) * 2 * Math.PI - Math.PI / 2;
  const x = Math.round(CENTRE + PLATES_AT * Math.cos(angle));
  const y = Math.round(CENTRE + PLATES_AT * Math.sin(angle));
  return (
    <g transform={`translate(${x} ${y})`}>
      <circle class={dish === undefined ? "plate plate--free" : "plate"} r={PLATE} />
      {dish === undefined ? null : <circle class="plate__rim" r={PLATE - 6} />}
      {dish?.()}
    </g>
  );
}
