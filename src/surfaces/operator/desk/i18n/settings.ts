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
    lead: "这些设置无需重新部署即可生效：此处立即生效，其他位置十秒之内。它们优先于部署变量，直到您重置。",
    secrets: "机密不会在此显示或更改；Worker 仅在启动时读取的设置也一样。",
    change: "更改",
    reset: "重置",
    resetLabel: (name: string) => `将 ${name} 重置为部署值`,
    changeLabel: (name: string) => `更改 ${name}`,
    default: "默认值：",
    deployed: "部署值：",
    changed: "在此更改于",
    empty: "（空）",
    between: (min: string, max: string) => `${min} 至 ${max}`,
    saved: (name: string) => `${name} 已更改。`,
    resetDone: (name: string) => `${name} 已恢复为部署值。`,
    problem: "保存的更改无效：",
    mustBeNumber: (min: string, max: string) => `必须是 ${min} 到 ${max} 的整数。`,
    mustBeChoice: (choices: string) => `必须是以下之一：${choices}。`,
    mustBeModel: "必须是模型名称。",
    mustBeModels: "必须是以逗号分隔的模型名称，* 代表任意字符。",
    groups: { pool: "密钥池", requests: "请求", limits: "限制", records: "记录", pages: "页面" },
  },
);

type Table = typeof SETTINGS;
export type LiveName = {
  [Name in keyof Table]: Table[Name] extends { live: true } ? Name : never;
}[keyof Table];

/** The English words are those of settings.ts; a live setting without Chinese ones does not compile. */
export const CHINESE_DOCS: Record<LiveName, string> = {
  MAX_RETRIES: "因密钥或 Google 而失败的请求会重试几次。最后一次使用调用者自己的密钥；为 0 时只用这一次。",
  RETRY_BUDGET_MS: "请求到达多少毫秒后，不再用池中密钥开始重试。用调用者自己密钥的那一次始终允许。",
  LEASE_MAX: "一个隔离实例与 D1 往返一次最多领取多少个轮次。",
  LEASE_TTL_MS: "在此毫秒数内未使用的轮次会被放弃；也是在别处停用或撤回的密钥最多还能被使用多久。",
  PROMPT_STORE:
    "`never`：由他人密钥服务的请求会要求 Google 不在该密钥的项目中保存提示词（`store: false`），除非调用者另有说明。`leave`：按 Google 的默认行为。",
  VERIFY_MODEL: "/verify 向哪个模型请求一个词元；应当便宜，且对所有密钥开放。",
  LOG_SAMPLE: "每一百个请求中有多少个写入日志。以 5xx 回应的总会写入。",
  CONTRIBUTION: "`open`：密钥在使用时加入密钥池。`closed`：不加入；未知密钥只服务其主人，成员仍可使用密钥池。",
  SOURCE_URL: "页面底部的源代码链接所指向的地址，即此部署的代码所在。留空则没有链接。",
  MODELS: "调用者可以请求的模型：名称以逗号分隔，`*` 代表任意字符。留空表示全部。",
  FAIR_SHARE_PER_MINUTE: "一位贡献者每分钟可发出多少个由池服务的请求，超过后由其自己的密钥服务。0：不限制。",
  NEW_KEYS_PER_MINUTE: "一个地址每分钟可尝试多少个未知密钥和令牌，超过后返回 429。0：不限制。",
  FAILURES_KEEP_DAYS: "失败的尝试在错误记录中保留多少天。",
  FAILURES_KEEP_ROWS: "错误记录最多保留多少条最新的失败尝试。",
};

/** Which settings stand together. */
export const GROUPS: Record<keyof (typeof settingTexts)["en"]["groups"], readonly LiveName[]> = {
  pool: ["CONTRIBUTION", "MODELS", "VERIFY_MODEL", "PROMPT_STORE"],
  requests: ["MAX_RETRIES", "RETRY_BUDGET_MS", "LEASE_MAX", "LEASE_TTL_MS"],
  limits: ["FAIR_SHARE_PER_MINUTE", "NEW_KEYS_PER_MINUTE"],
  records: ["FAILURES_KEEP_DAYS", "FAILURES_KEEP_ROWS", "LOG_SAMPLE"],
  pages: ["SOURCE_URL"],
};
