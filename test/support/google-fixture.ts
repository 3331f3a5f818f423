/** One recorded answer of Google's, as it lies in `test/fixtures/google/<case>.json`. */
export interface Fixture {
  /** Where the recording comes from. */
  source: string;
  status: number;
  contentType: string;
  /** The JSON body. Exactly one of `body` and `rawBody` is there. */
  body?: unknown;
  /** The body letter by letter: HTML, SSE frames, JSON labelled as something else. */
  rawBody?: string;
}

/** What Google echoes into an error; the fixtures hold `{{key}}`, `{{project}}`, `{{model}}`, `{{ip}}`. */
export interface FixtureValues {
  key: string;
  project: string;
  model: string;
  ip: string;
}

export interface FilledFixture {
  status: number;
  contentType: string;
  body: string;
}

/**
 * Puts the values in one pass (a model named `{{key}}` stays a name) and prints JSON as Google does: indented, with
 * `<` and `>` as `\u003c` and `\u003e`. Free of Vite's own API: the simulated Google uses it under plain Node.
 */
export function fill(fixture: Fixture, values: FixtureValues): FilledFixture {
  const { status, contentType } = fixture;
  if (fixture.rawBody === undefined) {
    const json = fillText(JSON.stringify(fixture.body, null, 2), values, escapeForJson);
    return { status, contentType, body: `${escapeAngleBrackets(json)}\n` };
  }
  const escape = contentType.startsWith("text/html") ? keepAsIs : escapeForJson;
  return { status, contentType, body: fillText(fixture.rawBody, values, escape) };
}

function fillText(text: string, values: FixtureValues, escape: (value: string) => string): string {
  return text.replace(/\{\{(key|project|model|ip)\}\}/g, (placeholder, name: string) =>
    isValueName(name) ? escape(values[name]) : placeholder,
  );
}

function isValueName(name: string): name is keyof FixtureValues {
  return name === "key" || name === "project" || name === "model" || name === "ip";
}

function escapeForJson(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

function escapeAngleBrackets(json: string): string {
  return json.replaceAll("<", "\\u003c").replaceAll(">", "\\u003e");
}

function keepAsIs(value: string): string {
  return value;
}
