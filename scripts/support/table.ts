/** A table as text. Pure. */

import { stripVTControlCharacters } from "node:util";

export interface Column {
  title: string;
  align?: "right";
}

const GAP = "  ";

const widthOf = (cell: string) => stripVTControlCharacters(cell).length;

/** Lines of aligned columns, the titles first and a rule below them; cells may carry colours. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const titles = columns.map(({ title }) => title);
  const widths = titles.map((title, index) =>
    Math.max(...[title, ...rows.map((row) => row[index] ?? "")].map(widthOf)),
  );
  const renderRow = (cells: readonly string[]) =>
    columns
      .map(({ align }, index) => {
        const cell = cells[index] ?? "";
        const padding = " ".repeat((widths[index] ?? 0) - widthOf(cell));
        return align === "right" ? padding + cell : cell + padding;
      })
      .join(GAP)
      .trimEnd();
  return [renderRow(titles), widths.map((width) => "─".repeat(width)).join(GAP), ...rows.map(renderRow)];
}
