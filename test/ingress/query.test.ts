import { expect, it } from "vitest";
import { fieldInQuery, queryForGoogle, queryOf } from "../../src/ingress/query.ts";

it.each([
  ["", ""],
  ["?", ""],
  ["?key=AIza", ""],
  ["?alt=sse", "?alt=sse"],
  ["?alt=sse&key=AIza", "?alt=sse"],
  ["?key=AIza&alt=sse&key=again", "?alt=sse"],
  ["?%6Bey=AIza&alt=sse", "?alt=sse"],
  ["?%6b%65%79=AIza", ""],
  ["?KEY=AIza&Key=AIza", ""],
  ["?key", ""],
  ["?key=a=b", ""],
  ["?access_token=x&oauth_token=y&bearer_token=z&a=1", "?a=1"],
  ["?monkey=1&keys=2&key2=3", "?monkey=1&keys=2&key2=3"],
  ["?pageToken=a%2Bb%3D%3D&filter=x%20y+z", "?pageToken=a%2Bb%3D%3D&filter=x%20y+z"],
  ["?%=1&%zz=2&a=%", "?%=1&%zz=2&a=%"],
  ["?&&a=1&", "?&&a=1&"],
  ["?$alt=sse&$fields=a&$prettyPrint=false", "?$alt=sse&$fields=a&$prettyPrint=false"],
  ["?$httpMethod=GET&alt=json&%24httpHeaders=X-Goog-Api-Key:x&$key=x&$ct=x&$.xgafv=1", "?alt=json"],
  ["?callback=f&$callback=f&userProject=x&$userProject=x", ""],
])("%j travels as %j: credentials and overrides go, the rest stays byte for byte", (query, expected) => {
  expect(queryForGoogle(query)).toBe(expected);
});

it.each([
  "https://potluck.example",
  "https://potluck.example/v1beta/models",
  "https://potluck.example/v1beta/models?",
  "https://potluck.example/v1beta/models?key=AIza&alt=sse",
  "https://potluck.example/v1beta/models?a=?b#c",
  "https://potluck.example/v1beta/models#a?key=AIza",
  "https://potluck.example?key=AIza",
])("of %s the query is what the URL parser finds, but for a lone question mark", (href) => {
  expect(queryOf(href).replace(/^\?$/, "")).toBe(new URL(href).search);
});

it.each(["", "?", "?alt=sse", "?%61lt=json&$fields=a&prettyPrint=false", "?pageSize=5&pageToken=x%26y&", "?&&"])(
  "%j names nothing that Google could bind to a field",
  (query) => {
    expect(fieldInQuery(query)).toBeUndefined();
    expect(fieldInQuery(query, "state")).toBeUndefined();
  },
);

it.each([
  ["?cachedContent=cachedContents/x", "cachedContent"],
  ["?alt=sse&contents.parts.file_data.file_uri=files/x", "contents.parts.file_data.file_uri"],
  ["?Alt=sse", "Alt"],
  ["?+alt=sse", "+alt"],
  ["?store", "store"],
  ["?%73tore=true", "%73tore"],
  ["?%zz=1", "%zz"],
])("%j does: %s", (query, name) => {
  expect(fieldInQuery(query)).toBe(name);
  expect(fieldInQuery(query, "state")).toBe(name);
});

it("only a request about state may tell what of a thing it changes, or how it comes", () => {
  expect(fieldInQuery("?updateMask=ttl")).toBe("updateMask");
  expect(fieldInQuery("?updateMask=ttl&force=true&uploadType=media&after=x&limit=2", "state")).toBeUndefined();
  expect(fieldInQuery("?name=files/x", "state")).toBe("name");
});
