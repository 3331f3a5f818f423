import { raw } from "hono/html";

/** Characters that could end the element, or that older parsers take for the end of a line. */
const UNSAFE = /[<>&\u2028\u2029]/g;

/** Data for a client module. Not a script: the browser runs nothing of it, and no text in it can end it. */
export function JsonBlock({ data, ...attributes }: { data: unknown } & Record<`data-${string}`, boolean | string>) {
  const text = JSON.stringify(data).replaceAll(
    UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return (
    <script type="application/json" {...attributes}>
      {raw(text)}
    </script>
  );
}
