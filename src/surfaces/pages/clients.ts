import { texts } from "./language.ts";

/**
 * Copy-ready settings for each client, with the address of this deployment. The code is that of docs/clients.md, which
 * is run by test/journeys/clients/docs.test.ts; test/surfaces/pages/clients.test.ts compares the two.
 */
export interface Client {
  id: string;
  name: string;
  /** Which of the two addresses it takes, to be shown beside its name. */
  base: (origin: string) => string;
  blocks: readonly ((origin: string) => string)[];
}

const root = (origin: string) => origin;
const openAiRoot = (origin: string) => `${origin}/v1`;

export const CLIENTS: readonly Client[] = [
  {
    id: "google-genai-js",
    name: "@google/genai · JavaScript",
    base: root,
    blocks: [
      (origin) => `import { GoogleGenAI } from "@google/genai";

const ai = new GoogleGenAI({
  apiKey: process.env.GEMINI_API_KEY,
  httpOptions: { baseUrl: "${origin}" },
});

const answer = await ai.models.generateContent({ model: "gemini-2.5-flash", contents: "Hello" });
console.log(answer.text);`,
    ],
  },
  {
    id: "google-genai-python",
    name: "google-genai · Python",
    base: root,
    blocks: [
      (origin) => `import os
from google import genai
from google.genai import types

client = genai.Client(
    api_key=os.environ["GEMINI_API_KEY"],
    http_options=types.HttpOptions(base_url="${origin}"),
)
print(client.models.generate_content(model="gemini-2.5-flash", contents="Hello").text)`,
    ],
  },
  {
    id: "openai-js",
    name: "openai · JavaScript",
    base: openAiRoot,
    blocks: [
      (origin) => `import OpenAI from "openai";

const openai = new OpenAI({
  apiKey: process.env.GEMINI_API_KEY,
  baseURL: "${origin}/v1",
});

const answer = await openai.chat.completions.create({
  model: "gemini-2.5-flash",
  messages: [{ role: "user", content: "Hello" }],
});
console.log(answer.choices[0].message.content);`,
    ],
  },
  {
    id: "openai-python",
    name: "openai · Python",
    base: openAiRoot,
    blocks: [
      (origin) => `import os
from openai import OpenAI

client = OpenAI(api_key=os.environ["GEMINI_API_KEY"], base_url="${origin}/v1")
answer = client.chat.completions.create(
    model="gemini-2.5-flash",
    messages=[{"role": "user", "content": "Hello"}],
)
print(answer.choices[0].message.content)`,
    ],
  },
  {
    id: "curl",
    name: "curl",
    base: root,
    blocks: [
      (origin) => `curl --fail-with-body ${origin}/v1beta/models/gemini-2.5-flash:generateContent \\
  -H "x-goog-api-key: $GEMINI_API_KEY" \\
  -H "content-type: application/json" \\
  -d '{"contents":[{"parts":[{"text":"Hello"}]}]}'`,
      (origin) => `curl --fail-with-body ${origin}/v1/chat/completions \\
  -H "authorization: Bearer $GEMINI_API_KEY" \\
  -H "content-type: application/json" \\
  -d '{"model":"gemini-2.5-flash","messages":[{"role":"user","content":"Hello"}]}'`,
    ],
  },
  {
    id: "gemini-cli",
    name: "Gemini CLI",
    base: root,
    blocks: [
      (origin) => `export GOOGLE_GEMINI_BASE_URL="${origin}"
export GEMINI_API_KEY="your-own-key"
gemini -m gemini-2.5-flash -p "Hello"`,
    ],
  },
  {
    id: "langchain",
    name: "LangChain · JavaScript",
    base: root,
    blocks: [
      (origin) => `import { ChatGoogleGenerativeAI } from "@langchain/google-genai";

const model = new ChatGoogleGenerativeAI({
  model: "gemini-2.5-flash",
  apiKey: process.env.GEMINI_API_KEY,
  baseUrl: "${origin}",
});

const answer = await model.invoke("Hello");
console.log(answer.text);`,
    ],
  },
  {
    id: "ai-sdk",
    name: "Vercel AI SDK",
    base: (origin) => `${origin}/v1beta`,
    blocks: [
      (origin) => `import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { generateText } from "ai";

const google = createGoogleGenerativeAI({
  apiKey: process.env.GEMINI_API_KEY,
  baseURL: "${origin}/v1beta",
});

const { text } = await generateText({ model: google("gemini-2.5-flash"), prompt: "Hello" });
console.log(text);`,
    ],
  },
];

/** Where a chat app takes the address; `value` says what to put there. */
interface ChatApp {
  app: string;
  where: string;
  field: string;
  value: (origin: string) => string;
}

export const CHAT_APPS = texts<readonly ChatApp[]>(
  [
    { app: "Cherry Studio", where: "Settings → Model Provider → Gemini", field: "API Host", value: root },
    { app: "Chatbox", where: "Settings → Model Provider → Google Gemini", field: "API Host", value: root },
    { app: "LobeChat", where: "Settings → AI Service Provider → Google", field: "API proxy URL", value: root },
    { app: "NextChat", where: "Settings → Custom Endpoint → Google", field: "Endpoint", value: root },
    { app: "Open WebUI", where: "Admin Settings → Connections → OpenAI → Add", field: "URL", value: openAiRoot },
  ],
  [
    { app: "Cherry Studio", where: "设置 → 模型服务 → Gemini", field: "API 地址", value: root },
    { app: "Chatbox", where: "设置 → 模型提供方 → Google Gemini", field: "API 主机", value: root },
    { app: "LobeChat", where: "设置 → AI 服务商 → Google", field: "API 代理地址", value: root },
    { app: "NextChat", where: "设置 → 自定义接口 → Google", field: "接口地址", value: root },
    { app: "Open WebUI", where: "管理员设置 → 外部连接 → OpenAI → 添加", field: "URL", value: openAiRoot },
  ],
);
