import { texts } from "../language.ts";

/** What people should know before they share, in plain words. The long version: README.md and SECURITY.md. */
export const privacy = texts(
  {
    title: "Before you share",
    lead: "A pool is for people who trust each other: friends, a class, a community. It is not for confidential prompts, and not for a key whose project has billing.",
    tableTitle: "Who could see what",
    who: "Who",
    prompt: "Your prompt and the answer",
    key: "Your key",
    rows: [
      { who: "Other callers and contributors", prompt: "No", key: "No" },
      {
        who: "The owner of the key that serves you",
        prompt: "Possibly, in the logs of their Google project",
        key: "No",
      },
      { who: "Google", prompt: "Yes. On unpaid quota, people may read it", key: "Yes, it is Google's" },
      {
        who: "This pool's operator",
        prompt: "The Worker stores and logs neither. But who deploys the code controls it",
        key: "Stored encrypted. The operator holds the secret that opens it",
      },
      { who: "Cloudflare, or who runs the server", prompt: "In principle", key: "In principle" },
    ],
    points: [
      {
        title: "Your files stay yours",
        text: "Files, caches, batches, videos, stored interactions and Live sessions never leave your own key. Nobody else can reach them. Made with an access token, they stand in the project of one of the pool's keys, whose owner may see them.",
      },
      {
        title: "What is kept",
        text: "Your key (encrypted with AES-256-GCM), a fingerprint, its last four characters; how often and when it was used, by model; sums over time for the chart above; of some requests a log line with model, status and timing. No prompt, no answer, no address of yours.",
      },
      {
        title: "It can cost you",
        text: "What others ask with your key counts against your quota. If the key's project has billing switched on, it is charged to you.",
      },
      {
        title: "Leave at any time",
        text: "Withdrawing erases the encrypted key, its last four characters and its coolings. Its fingerprint stays, so that a forgotten client does not bring it back, and so do the counts. To be certain, delete the key at Google.",
      },
    ],
    storeNever:
      "Where another contributor's key serves a native request, the pool asks Google not to store the prompt in that key's project (`store: false`), unless you say otherwise. Google has no such field for the OpenAI dialect.",
    storeLeave: "This pool leaves it to Google whether a prompt is stored in the project of the key that serves it.",
    failures: (days: number) =>
      `Of attempts that failed, the operator sees for ${days === 1 ? "a day" : `${days} days`}: the time, the key's number, the model, what kind of failure it was, and Google's words with keys, projects and addresses taken out. Words that may quote a request are left out.`,
    termsTitle: "Google's terms are yours to keep",
    terms:
      "You answer to Google for what is done with your key. Google may restrict keys that it thinks are misused, asks for paid services where users in the EEA, Switzerland or the United Kingdom are served, and offers its API in listed regions only.",
    termsLink: "Google's terms",
    regionsLink: "Available regions",
  },
  {
    title: "分享之前",
    lead: "共享池适合彼此信任的人：朋友、同学、一个社群。不要用它处理机密内容，也不要拿开通了结算的项目的密钥来分享。",
    tableTitle: "谁可能看到什么",
    who: "谁",
    prompt: "你的提示词和回答",
    key: "你的密钥",
    rows: [
      { who: "其他调用者和贡献者", prompt: "看不到", key: "看不到" },
      { who: "为你服务的那把密钥的主人", prompt: "有可能，在其 Google 项目的日志里", key: "看不到" },
      { who: "Google", prompt: "能。免费配额下可能由人工查看", key: "能，密钥本来就是它签发的" },
      {
        who: "本池的运营者",
        prompt: "Worker 不保存，也不写入日志；但部署代码的人控制着代码",
        key: "加密保存；解密用的机密在运营者手里",
      },
      { who: "Cloudflare，或运行服务器的一方", prompt: "原则上能", key: "原则上能" },
    ],
    points: [
      {
        title: "你的文件仍是你的",
        text: "文件、缓存、批处理、视频、已保存的 interactions 和 Live 会话只用你自己的密钥，别人无法访问。用访问令牌创建的，则在池中某把密钥的项目里，那把密钥的主人可能看得到。",
      },
      {
        title: "这里保存什么",
        text: "你的密钥（AES-256-GCM 加密）、指纹、末四位字符；它按模型被用了多少次、何时使用；上面图表所用的按时段合计；部分请求的一行日志（模型、状态、耗时）。不保存提示词、回答和你的地址。",
      },
      {
        title: "可能要你付费",
        text: "别人用你的密钥提问，消耗的是你的配额。如果密钥所在的项目开通了结算，账单记在你头上。",
      },
      {
        title: "随时可以离开",
        text: "撤回时，加密后的密钥、末四位字符和冷却记录都会删除。留下的是指纹（这样，你忘在别处的客户端不会又把它带回来）和使用计数。要万无一失，请到 Google 那里删除这把密钥。",
      },
    ],
    storeNever:
      "用别人的密钥处理原生接口的请求时，本池会要求 Google 不在那把密钥的项目里保存提示词（`store: false`），除非你自己另有设置。OpenAI 协议没有这个字段。",
    storeLeave: "提示词是否保存在为你服务的那把密钥的项目里，本池不作要求，按 Google 的默认处理。",
    failures: (days: number) =>
      `对于失败的尝试，运营者在 ${days} 天内可以看到：时间、密钥编号、模型、失败的类别，以及 Google 的原话（已去掉密钥、项目和地址；可能引用请求内容的原话不保存）。`,
    termsTitle: "遵守 Google 的条款，是你自己的事",
    terms:
      "别人用你的密钥做了什么，由你对 Google 负责。Google 可能限制它认为被滥用的密钥；为欧洲经济区、瑞士或英国的用户提供服务时，它要求使用付费服务；它的 API 只在所列地区提供，中国大陆和香港不在其中。",
    termsLink: "Google 的条款",
    regionsLink: "可用地区",
  },
);
