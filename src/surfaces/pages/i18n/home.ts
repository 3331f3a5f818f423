import { texts } from "../language.ts";

/** The public page: what this is, how it stands, how to join, which setting each client needs. */
export const home = texts(
  {
    title: "Potluck",
    description: "A shared pool of Gemini API keys. Everyone brings a key, everyone eats from the table.",
    headline: "Everyone brings a key, everyone eats from the table.",
    lead: "Potluck is a shared pool of Gemini API keys. Keep your Gemini or OpenAI client and your own key, and change one thing: the base URL. From then on each request is served by the pool's next key, so one key's small quota is no longer the limit.",
    geminiAddress: "Base URL for Gemini clients",
    openAiAddress: "Base URL for OpenAI clients",
    join: "Join in three steps",
    readFirst: "Read this before you share",
    keysAtTheTable: (count: number): string => (count === 1 ? "key at the table" : "keys at the table"),
    tableOf: (count: string) => `A round table seen from above, with ${count} keys at it.`,
    countUnknown: "unknown",
    databaseDown: "The database does not answer right now",
    databaseDownText:
      "So there are no numbers to show. Requests still work: each travels on its caller's own key until the pool is back.",
    closed: "This pool takes no new keys at the moment",
    closedText:
      "Contributors keep their place. A key that is not in the pool serves its own caller alone; the operator may give you an access token instead.",

    last24Hours: "The last 24 hours",
    requests: "Requests",
    served: "Requests served",
    servedOf: (count: string) => `of ${count}`,
    successRate: "Success rate",
    successHint: "callers' own mistakes left out",
    byOthers: "Served by another's key",
    byOthersHint: (share: string) => `${share} of those served`,
    keys: "Keys",
    keysNow: "Keys at the table now",
    chartTitle: "Requests and keys",
    chartSummary: (requests: string, keys: string) =>
      `${requests} ${requests === "1" ? "request" : "requests"} in the last 24 hours; ${keys} ${keys === "1" ? "key" : "keys"} at the table.`,
    noRequests: "No requests in the last 24 hours yet. The table is laid; be the first.",

    stepsTitle: "Join in three steps",
    steps: [
      {
        title: "Get a key of your own",
        text: "Make a Gemini API key in Google AI Studio, best in a project of its own, without billing.",
      },
      {
        title: "Change the base URL",
        text: "Put this pool's address where your client has Google's. The key stays where it is.",
      },
      {
        title: "Send a request, as always",
        text: "Your first successful request brings your key to the table. The answer says so: `x-pool-contributed: yes`.",
      },
    ],
    getKey: "Open Google AI Studio",
    toMyKey: "See or withdraw your key",

    clientsTitle: "Settings for your client",
    clientsLead: "With this pool's address filled in. Wherever your client asks for a key, it is your own Gemini key.",
    chatApps: "Chat apps",
    ownKeyMode: "Only your own key, just this once?",
    ownKeyModeText:
      "Send the header `x-pool-mode: own`. That request is served by your key alone, and does not contribute it.",
    geminiCliNote: "Choose “Use Gemini API Key” under `/auth` once. The CLI takes `https` only, but for `localhost`.",
  },
  {
    title: "Potluck",
    description: "Gemini API 密钥共享池：人人带一把密钥来，人人都有得吃。",
    headline: "人人带一把密钥来，人人都有得吃。",
    lead: "Potluck 是一个 Gemini API 密钥共享池，就像一场百乐餐。你照旧使用自己的 Gemini 或 OpenAI 客户端和自己的密钥，只改一处：接口地址（base URL）。此后每个请求都由池中的下一把密钥处理，不再受单把密钥那点配额的限制。",
    geminiAddress: "Gemini 客户端的接口地址",
    openAiAddress: "OpenAI 客户端的接口地址",
    join: "三步加入",
    readFirst: "分享之前请先读这里",
    keysAtTheTable: () => "把密钥在桌上",
    tableOf: (count: string) => `一张从上方看到的圆桌，桌上有 ${count} 把密钥。`,
    countUnknown: "未知",
    databaseDown: "数据库现在没有响应",
    databaseDownText: "所以暂时没有数字可看。请求仍然可用：在共享池恢复之前，每个请求都用调用者自己的密钥。",
    closed: "这个池目前不接收新密钥",
    closedText: "已有的贡献者不受影响。不在池中的密钥只为它自己的主人服务；你也可以向运营者申请访问令牌。",

    last24Hours: "最近 24 小时",
    requests: "请求数",
    served: "成功的请求",
    servedOf: (count: string) => `共 ${count} 个请求`,
    successRate: "成功率",
    successHint: "不计调用者自己的错误",
    byOthers: "由别人的密钥完成",
    byOthersHint: (share: string) => `占成功请求的 ${share}`,
    keys: "密钥数",
    keysNow: "现在桌上的密钥",
    chartTitle: "请求与密钥",
    chartSummary: (requests: string, keys: string) => `最近 24 小时共 ${requests} 个请求；池中现有 ${keys} 把密钥。`,
    noRequests: "最近 24 小时还没有请求。桌子已经摆好，就等你了。",

    stepsTitle: "三步加入",
    steps: [
      {
        title: "准备自己的密钥",
        text: "在 Google AI Studio 创建一把 Gemini API 密钥，最好为它单独建一个项目，并且不要开通结算。",
      },
      { title: "修改接口地址", text: "把客户端里 Google 的地址换成本池的地址。密钥还填在原来的地方。" },
      {
        title: "照常发送请求",
        text: "第一次请求成功后，你的密钥就上桌了。那次应答的响应头里有 `x-pool-contributed: yes`。",
      },
    ],
    getKey: "打开 Google AI Studio",
    toMyKey: "查看或撤回你的密钥",

    clientsTitle: "各客户端的设置",
    clientsLead: "本池的地址已经填好，复制即可。凡是需要填密钥的地方，都填你自己的 Gemini 密钥。",
    chatApps: "聊天应用",
    ownKeyMode: "某个请求只想用自己的密钥？",
    ownKeyModeText: "加上请求头 `x-pool-mode: own`，这个请求就只用你的密钥，也不会把它放进池里。",
    geminiCliNote: "先在 `/auth` 中选择 “Use Gemini API Key”。除 `localhost` 外，CLI 只接受 `https`。",
  },
);
