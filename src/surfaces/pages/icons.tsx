/** Drawn for Potluck on a grid of 24, in the colour of the text around them. They only accompany words. */
const PATHS = {
  check: "M5 12.5l4.5 4.5L19 7.5",
  cross: "M6.5 6.5l11 11M17.5 6.5l-11 11",
  copy: "M9 9V5.5A1.5 1.5 0 0 1 10.5 4h8A1.5 1.5 0 0 1 20 5.5v8a1.5 1.5 0 0 1-1.5 1.5H15M5.5 9h8A1.5 1.5 0 0 1 15 10.5v8a1.5 1.5 0 0 1-1.5 1.5h-8A1.5 1.5 0 0 1 4 18.5v-8A1.5 1.5 0 0 1 5.5 9z",
  globe: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM3.8 12h16.4M12 3.5c-5 5.2-5 11.8 0 17 5-5.2 5-11.8 0-17z",
  info: "M12 11v5.5M12 7.6v.1M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z",
  warning:
    "M12 9.5v4.5M12 17v.1M10.7 4.4 3 18a1.5 1.5 0 0 0 1.3 2.3h15.4A1.5 1.5 0 0 0 21 18L13.3 4.4a1.5 1.5 0 0 0-2.6 0z",
  key: "M14.5 4a5.5 5.5 0 1 0 2 10.6 5.5 5.5 0 0 0-2-10.6zM10.6 13.4 4 20M6.5 17.5l2.5 2.5M15.7 8.3v.1",
  clock: "M12 7v5l3.5 2M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.3 15.3 20 20",
  plus: "M12 5v14M5 12h14",
  arrow: "M5 12h14M13 6l6 6-6 6",
  door: "M14 4H6.5A1.5 1.5 0 0 0 5 5.5v13A1.5 1.5 0 0 0 6.5 20H14M10 12h10M16.5 8.5 20 12l-3.5 3.5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The project's mark: a plate, and on it a key. */
export function PlateMark() {
  return (
    <svg class="brand__mark" viewBox="0 0 48 48" width="36" height="36" aria-hidden="true" focusable="false">
      <circle class="mark__plate" cx="24" cy="24" r="22" />
      <circle class="mark__rim" cx="24" cy="24" r="15.5" />
      <circle class="mark__key" cx="24" cy="19" r="5.2" />
      <path class="mark__key" d="M24 24.2V35M24 30h4.2M24 34.6h3" />
    </svg>
  );
}
