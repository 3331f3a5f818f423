export type Cell = string | number;

/** A Markdown table whose columns also line up in a terminal. */
export function table(head: readonly string[], rows: readonly Cell[][]): string {
  const texts = [[...head], ...rows.map((row) => row.map(String))];
  const widths = head.map((_, column) => Math.max(3, ...texts.map((row) => row[column]?.length ?? 0)));
  const toLine = (cells: string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [first = [], ...rest] = texts;
  return [toLine(first), toLine(widths.map((width) => "-".repeat(width))), ...rest.map(toLine)].join("\n");
}
