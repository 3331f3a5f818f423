import { getCookie } from "hono/cookie";
import { parseAccept } from "hono/utils/accept";
import type { Context } from "hono";

/** The languages that the pages speak. */
export const LANGUAGES = ["en", "zh"] as const;
export type Language = (typeof LANGUAGES)[number];

/** What `<html lang>` says: fonts and screen readers choose by it. */
export const HTML_LANG: Record<Language, string> = { en: "en", zh: "zh-Hans" };

/** Remembers what a person chose. Nothing else is ever in it. */
export const LANGUAGE_COOKIE = "lang";

/** The language of a page: `?lang=`, else what was chosen before, else what the browser asks for. */
export function readLanguage(c: Context): Language {
  return toLanguage(c.req.query("lang")) ?? toLanguage(getCookie(c, LANGUAGE_COOKIE)) ?? fromBrowser(c);
}

/** Exact names only: what is chosen goes into a cookie and into the page. */
export function toLanguage(text: string | undefined): Language | undefined {
  return LANGUAGES.find((language) => language === text);
}

function fromBrowser(c: Context): Language {
  const wanted = parseAccept(c.req.header("accept-language") ?? "")
    .filter(({ q }) => q > 0)
    .map(({ type }) => LANGUAGES.find((language) => type.toLowerCase().split("-", 1)[0] === language));
  return wanted.find((language) => language !== undefined) ?? "en";
}

/** This page in another language. `path` may have a query, which stays. */
export function inLanguage(path: string, language: Language): string {
  const url = new URL(path, "https://a-page.invalid");
  url.searchParams.set("lang", language);
  return url.pathname + url.search;
}

/** One text in every language; a text missing in one does not compile. */
export type Texts<T> = Record<Language, T>;

/** The English texts say which there are; the Chinese ones must be the same. */
export function texts<T>(english: T, chinese: NoInfer<T>): Texts<T> {
  return { en: english, zh: chinese };
}
