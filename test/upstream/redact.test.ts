import { describe, expect, it } from "vitest";
import { redact } from "../../src/upstream/redact.ts";
import { type Fixture, type FixtureValues, fill } from "../support/google-fixture.ts";
import { googleFixtures } from "../support/google-fixtures.ts";

const STANDARD: FixtureValues = {
  key: "AIzaSyPoolKeyOfSomebodyElse-0123456789_",
  project: "123456789012",
  model: "gemini-3.8-flash",
  ip: "203.0.113.7",
};
const AUTH: FixtureValues = {
  ...STANDARD,
  key: "AQ.Ab8RN6LongerThanTheOthers_0123456789-abcdefghijklmnop.q",
  project: "gen-lang-client-0123456789",
  ip: "2001:db8::7f00:1",
};
/** A key in a form that Google has not issued yet: only the exact match can find it. */
const UNHEARD_OF: FixtureValues = {
  ...STANDARD,
  key: 'sk/one+two="three"\\four',
  project: "acme-production",
};

const OTHERS_KEY = "AIzaSyKeyThatNobodyToldTheRedactor_0123";

function redactSample(text: string): string {
  return redact(text, { key: STANDARD.key });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe("every recorded error leaves without what belongs to the key's owner", () => {
  const variants = [STANDARD, AUTH, UNHEARD_OF];
  const cases = Object.entries(googleFixtures).flatMap(([name, fixture]) =>
    variants.map((values): [string, Fixture, FixtureValues] => [name, fixture, values]),
  );

  it.each(cases)("%s", (_name, fixture, values) => {
    const { body } = fill(fixture, values);
    const redacted = redact(body, { key: values.key });
    const decoded = isJson(redacted) ? JSON.stringify(JSON.parse(redacted)) : redacted;
    for (const secret of [values.key, JSON.stringify(values.key).slice(1, -1), values.project, values.ip]) {
      expect(redacted).not.toContain(secret);
      expect(decoded).not.toContain(secret);
    }
    expect(isJson(redacted)).toBe(isJson(body));
    expect(redact(redacted, { key: values.key })).toBe(redacted);
  });

  it.each(
    Object.entries(googleFixtures).filter(([, fixture]) => !/\{\{(key|project|ip)\}\}/.test(JSON.stringify(fixture))),
  )("%s, which holds nothing of the owner's, leaves byte for byte", (_name, fixture) => {
    const { body } = fill(fixture, STANDARD);
    expect(redactSample(body)).toBe(body);
  });
});

describe("a key", () => {
  it.each([
    ["a standard key that is not the one used", OTHERS_KEY],
    ["a longer key of that kind", `${OTHERS_KEY}andmore`],
    ["an auth key", AUTH.key],
    ["an auth key of the other prefix", AUTH.key.replace("AQ.", "IQ.")],
    ["an ephemeral token", "auth_tokens/0123456789abcdef"],
  ])("is taken out by its shape: %s", (_kind, secret) => {
    const id = secret.replace("auth_tokens/", "");
    expect(redactSample(`Key ${secret}, sorry`)).not.toContain(id);
    expect(redactSample(JSON.stringify({ [`a ${secret}`]: `b\n${secret}` }))).not.toContain(id);
    expect(redactSample(`data: {"message":"x\\n${secret}"}\n\n`)).not.toContain(id);
  });

  it("is taken out of a URL", () => {
    const key = UNHEARD_OF.key;
    const url = `https://example.test/?key=${encodeURIComponent(key)}&x=1`;
    expect(redact(url, { key })).toBe("https://example.test/?key=[redacted]&x=1");
    expect(redact(`see ${encodeURIComponent(key)}.`, { key })).toBe("see [redacted].");
  });

  it("is taken out when JSON hides it behind escapes", () => {
    const hidden = Array.from(STANDARD.key)
      .map((letter) => `\\u00${letter.charCodeAt(0).toString(16)}`)
      .join("");
    expect(redactSample(`{"message":"Key ${hidden} is bad"}`)).toBe('{"message":"Key [redacted] is bad"}');
  });

  it("is taken out of JSON inside a string", () => {
    const inner = JSON.stringify({ message: UNHEARD_OF.key, containerInfo: "987654321098" });
    const redacted = redact(JSON.stringify({ detail: inner }), { key: UNHEARD_OF.key });
    expect(JSON.parse(redacted)).toEqual({
      detail: '{"message":"[redacted]","containerInfo":"[redacted]"}',
    });
  });

  it.each([STANDARD, AUTH, UNHEARD_OF])("is taken out where the body breaks off in the middle of it", (values) => {
    const fixture = googleFixtures["key-suspended"];
    const { body } = fixture ? fill(fixture, values) : { body: "" };
    const keyInJson = JSON.stringify(values.key).slice(1, -1);
    const start = body.lastIndexOf(keyInJson);
    expect(start).toBeGreaterThan(0);
    for (let length = 6; length < keyInJson.length; length++) {
      const redacted = redact(body.slice(0, start + length), { key: values.key });
      expect(redacted).not.toContain(values.key.slice(0, 6));
      expect(redacted).toMatch(/'api_key:\[redacted\]$/);
    }
  });

  it("of another caller's is taken out where the body breaks off in the middle of it", () => {
    expect(redactSample(`{"message":"Key ${OTHERS_KEY.slice(0, 30)}`)).toBe('{"message":"Key [redacted]');
    expect(redactSample(`{"message":"Key ${AUTH.key.slice(0, 12)}`)).toBe('{"message":"Key [redacted]');
  });

  it("that is too short to be one mauls nothing", () => {
    const text = '{"error":{"code":400,"message":"API key not valid."}}';
    for (const key of ["", "e", "error", "API key"]) expect(redact(text, { key })).toBe(text);
  });

  it("cannot break JSON, whatever letters it is made of", () => {
    const text = JSON.stringify({
      message: "a\nnabcdefgh \\nabcdefgh \u0000",
      list: ["\tabcdefgh"],
    });
    for (const key of ["nabcdefgh", "\\nabcdefgh", 'message":"', "abcdefgh", "\ud800abcdefgh"]) {
      expect(isJson(redact(text, { key }))).toBe(true);
    }
  });
});

describe("a project", () => {
  it.each([
    ["projects/123456789012/locations/global", "projects/[redacted]/locations/global"],
    ["consumer 'project_number:123456789012'.", "consumer 'project_number:[redacted]'."],
    ["was denied for 123456789012.", "was denied for [redacted]."],
    ["was denied for project 123456789012.", "was denied for project [redacted]."],
    ["console.cloud.google.com/home/project/123456789012", "console.cloud.google.com/home/project/[redacted]"],
    ["organizations/123456789012 folders/234567890123", "organizations/[redacted] folders/[redacted]"],
    ["billingAccounts/0123AB-4567CD-89EF01", "billingAccounts/[redacted]"],
    ["was denied for projects/123456789012.", "was denied for projects/[redacted]."],
    ["was denied for project_number:123456789012.", "was denied for project_number:[redacted]."],
    ["not been used in project acme-production before", "not been used in project [redacted] before"],
    ["Permission denied on resource project example.com:acme.", "Permission denied on resource project [redacted]."],
    [
      "https://console.test/overview?project=123456789012 then",
      "https://console.test/overview?project=[redacted] then",
    ],
    ["https://console.test/?a=b&project%3Dacme-1", "https://console.test/?a=b&project%3D[redacted]"],
    ["Project number 123456789012 has", "Project number [redacted] has"],
    ["Project 123456789012 has", "Project [redacted] has"],
    ["bot@acme-1.iam.gserviceaccount.com lacks", "[redacted] lacks"],
    ["gen-lang-client-0123456789 is", "[redacted] is"],
  ])("is taken out of %s", (text, expected) => {
    expect(redactSample(text)).toBe(expected);
    expect(redactSample(JSON.stringify([text]))).toBe(JSON.stringify([expected]));
  });

  it("is taken out of metadata by the name of the property", () => {
    const metadata = {
      containerInfo: "1",
      consumer: "x",
      callerIp: "y",
      projectId: "z",
      project_number: "2",
      service: "s",
    };
    expect(JSON.parse(redactSample(JSON.stringify(metadata, null, 2)))).toEqual({
      containerInfo: "[redacted]",
      consumer: "[redacted]",
      callerIp: "[redacted]",
      projectId: "[redacted]",
      project_number: "[redacted]",
      service: "s",
    });
  });

  it("is taken out of an SSE frame, which is not JSON as a whole", () => {
    const frame = 'data: {"error":{"metadata":{"containerInfo": "123456789012","callerIp":"203.0.113.7"}}}\n\n';
    expect(redactSample(frame)).toBe(
      'data: {"error":{"metadata":{"containerInfo": "[redacted]","callerIp":"[redacted]"}}}\n\n',
    );
  });

  it("is not seen in Google's ordinary words", () => {
    const words = "Please go to AI Studio at https://ai.studio/projects to manage your project and billing. (1048576)";
    expect(redactSample(words)).toBe(words);
  });
});

describe("the address that we called from", () => {
  it.each(["203.0.113.7", "2001:db8::7f00:1", "::ffff:203.0.113.7"])("is taken out: %s", (ip) => {
    const text = `The originating IP address of the call (${ip}) violates this restriction.`;
    expect(redactSample(text)).toBe("The originating IP address of the call ([redacted]) violates this restriction.");
  });
});

describe("64 KiB that an attacker chose", () => {
  const size = 65_536;
  function repeat(piece: string): string {
    return piece.repeat(Math.floor(size / piece.length));
  }

  it.each([
    "AIza",
    "AQ.",
    "auth_tokens/",
    "projects/",
    "project=",
    "project:",
    "project ",
    "in project ",
    "was denied for ",
    "a",
    "a.",
    "a-",
    "a@",
    "a@a.",
    ".gserviceaccount.com",
    "containerInfo",
    'containerInfo":"',
    'consumer\\\\\\\\"   :   ',
    '\\"',
    '"',
    "\\",
    "\\u003d",
    "?key=",
    "api_key:",
    "IP address: ",
    " ",
    "[",
  ])("is gone through, made of %j", (piece) => {
    const text = repeat(piece);
    const tail = ` ${OTHERS_KEY}`;
    expect(redactSample(text + tail)).not.toContain(OTHERS_KEY);
    const json = redactSample(JSON.stringify({ message: text + tail }));
    expect(json).not.toContain(OTHERS_KEY);
    expect(isJson(json)).toBe(true);
  });

  it("is gone through, made of nothing but strings", () => {
    const json = redactSample(`[${repeat('"x",')}"${OTHERS_KEY}"]`);
    expect(json).toMatch(/"x","\[redacted\]"\]$/);
  });
});
