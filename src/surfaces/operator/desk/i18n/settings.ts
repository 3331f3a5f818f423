import type { SETTINGS } from "../../../../settings.ts";
import { texts } from "../../../pages/language.ts";

export const settingTexts = texts(
  {
    title: "Settings",
    lead: "These take effect without a new deployment: here at once, in every other place within ten seconds. They win over the deployed variables until you reset them.",
    secrets: "Secrets are neither shown nor changed here, and neither is what the Worker reads only when it starts.",
    change: "Change",
    reset: "Reset",
    resetLabel: (name: string) => `Reset ${name} to what is deployed`,
    changeLabel: (name: string) => `Change ${name}`,
    default: "Default:",
    deployed: "Deployed:",
    changed: "Changed here",
    empty: "(empty)",
    between: (min: string, max: string) => `${min} to ${max}`,
    saved: (name: string) => `${name} is changed.`,
    resetDone: (name: string) => `${name} is as deployed again.`,
    problem: "The stored change does not hold:",
    mustBeNumber: (min: string, max: string) => `Must be a whole number from ${min} to ${max}.`,
    mustBeChoice: (choices: string) => `Must be one of ${choices}.`,
    mustBeModel: "Must be a model’s name.",
    mustBeModels: "Must be names of models separated by commas, with * for any characters.",
    groups: { pool: "The pool", requests: "Requests", limits: "Limits", records: "Records", pages: "Pages" },
  },
  {
    title: "设置",
    lead: "这些设置无需重新部署即可生效：这里立即生效，Worker 运行的其他地方十秒之内生效。它们优先于部署时的变量，直到你重置。",
    secrets: "机密不会在这里显示或更改；Worker 只在启动时读取的设置也一样。",
    change: "更改",
    reset: "重置",
    resetLabel: (name: string) => `将 ${name} 重置为部署值`,
    changeLabel: (name: string) => `更改 ${name}`,
    default: "默认值：",
    deployed: "部署值：",
    changed: "在这里更改于",
    empty: "（空）",
    between: (min: string, max: string) => `${min} 至 ${max}`,
    saved: (name: string) => `${name} 已更改。`,
    resetDone: (name: string) => `${name} 已恢复为部署值。`,
    problem: "保存的更改无效：",
    mustBeNumber: (min: string, max: string) => `必须是 ${min} 到 ${max} 的整数。`,
    mustBeChoice: (choices: string) => `必须是以下之一：${choices}。`,
    mustBeModel: "必须是模型名称。",
    mustBeModels: "必须是以逗号分隔的模型名称，* 代表任意字符。",
    groups: { pool: "共享池", requests: "请求", limits: "限制", records: "记录", pages: "页面" },
  },
);

type Table = typeof SETTINGS;
export type LiveName = {
  [Name in keyof Table]: Table[Name] extends { live: true } ? Name : never;
}[keyof Table];

/** The English words are those of settings.ts; a live setting without Chinese ones does not compile. */
export const CHINESE_DOCS: Record<LiveName, string> = {
  MAX_RETRIES: "请求因密钥或 Google 的原因失败后，最多再试几次。最后一次用调用者自己的密钥；设为 0 则只剩这一次。",
  RETRY_BUDGET_MS: "请求到达这么久之后，不再用池中的密钥重试。用调用者自己的密钥那一次不受此限。",
  LEASE_MAX: "一个 isolate 访问一次 D1 最多领取几个轮次。",
  LEASE_TTL_MS: "领取的轮次多久不用就作废；在别处被停用或撤回的密钥，最多也只会再用这么久。",
  PROMPT_STORE:
    "`never`：用别人的密钥处理请求时，要求 Google 不在那把密钥的项目里保存提示词（`store: false`），除非调用者自己写明。`leave`：按 Google 的默认。",
  VERIFY_MODEL: "/verify 向哪个模型请求一个 token；应当便宜，且每把密钥都能用。",
  LOG_SAMPLE: "每一百个请求中有多少个在日志里记一行。以 5xx 回答的请求总会记录。",
  CONTRIBUTION: "`open`：密钥一经使用就加入池。`closed`：不再加入；未知的密钥只服务它自己的调用者，成员照常使用池。",
  SOURCE_URL: "这个部署的源代码在哪里：页面会链接到它。留空则没有链接。",
  MODELS: "调用者可以使用的模型：名称用逗号隔开，`*` 代表任意字符。留空：全部。",
  FAIR_SHARE_PER_MINUTE: "一位贡献者每分钟最多有多少请求由池处理，超出后用自己的密钥。0：不限。",
  NEW_KEYS_PER_MINUTE: "一个地址每分钟最多能试多少把未知的密钥和令牌，超出后返回 429。0：不限。",
  FAILURES_KEEP_DAYS: "失败的尝试在运营者的错误日志里保留几天。",
  FAILURES_KEEP_ROWS: "运营者的错误日志最多保留多少条失败的尝试（最新的）。",
};

/** Which settings stand together. */
export const GROUPS: Record<keyof (typeof settingTexts)["en"]["groups"], readonly LiveName[]> = {
  pool: ["CONTRIBUTION", "MODELS", "VERIFY_MODEL", "PROMPT_STORE"],
  requests: ["MAX_RETRIES", "RETRY_BUDGET_MS", "LEASE_MAX", "LEASE_TTL_MS"],
  limits: ["FAIR_SHARE_PER_MINUTE", "NEW_KEYS_PER_MINUTE"],
  records: ["FAILURES_KEEP_DAYS", "FAILURES_KEEP_ROWS", "LOG_SAMPLE"],
  pages: ["SOURCE_URL"],
};
