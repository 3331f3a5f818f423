/** JSON with comments and trailing commas, as `wrangler.jsonc` is written. Pure. */
export function parseJsonc(text: string): unknown {
  // A string is matched whole, so that what looks like a comment inside of it stays.
  const withoutComments = text.replace(/"(?:\\.|[^"\\])*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (match) =>
    match.startsWith('"') ? match : " ",
  );
  const strict = withoutComments.replace(/"(?:\\.|[^"\\])*"|,(?=\s*[}\]])/g, (match) => (match === "," ? "" : match));
  return JSON.parse(strict);
}
