import { texts } from "../language.ts";

/** What people read where there is no page, or where it could not be made. */
export const errors = texts(
  {
    notFound: "There is no such page",
    notFoundText:
      "Nobody has laid a place at this address. A client's base URL ends at the host, or in /v1 for OpenAI's.",
    failed: "Something went wrong here",
    failedText:
      "The pool's database did not answer, or something unexpected happened. Requests to the API go on; please try this page again in a moment.",
    home: "Back to the table",
  },
  {
    notFound: "没有这个页面",
    notFoundText: "这张桌上没有这个位子。客户端的接口地址只到域名为止；OpenAI 客户端的接口地址以 /v1 结尾。",
    failed: "这里出了点问题",
    failedText: "共享池的数据库没有响应，或者发生了意外。API 请求不受影响；请稍后再打开这个页面。",
    home: "回到首页",
  },
);
