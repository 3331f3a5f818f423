/** Lines to copy for a first request. Pure. */

export const EXAMPLE_MODEL = "gemini-2.5-flash";

/** A curl command for a shell; `key` is put between double quotes, so that a variable may stand there. */
export function curlLines(url: string, key: string): string[] {
  return [
    `curl ${url}/v1beta/models/${EXAMPLE_MODEL}:generateContent \\`,
    `  -H "x-goog-api-key: ${key}" -H "content-type: application/json" \\`,
    `  -d '{"contents":[{"parts":[{"text":"Say hello"}]}]}'`,
  ];
}

/** The pages for people; `token` says where the operator's token is. */
export function pageLines(url: string, token: string): string[] {
  return [
    `The table     ${url}/`,
    `Your key      ${url}/my-key`,
    `The operator  ${url}/admin    sign in with ${token}`,
  ];
}

/** Which base URL each client wants. */
export function baseUrlLines(url: string): string[] {
  return [
    `Gemini SDK    new GoogleGenAI({ apiKey, httpOptions: { baseUrl: "${url}" } })`,
    `OpenAI SDK    new OpenAI({ apiKey, baseURL: "${url}/v1" })`,
  ];
}
