import { texts } from "../../../pages/language.ts";

/** How a work in many steps goes on by itself, stops and is taken up again. Where `{}` stands, the script fills in. */
export const longWorkTexts = texts(
  {
    stop: "Stop",
    goOn: "Go on",
    retrying: "{why} Trying the same step again in {seconds} s ({attempt} of {most}) …",
    noAnswer: "No answer came: the network or the Worker is away.",
    repeated:
      "A step was sent again because its answer did not arrive: what it had done the first time may be missing from these numbers, or count as done before.",
  },
  {
    stop: "停止",
    goOn: "继续",
    retrying: "{why} {seconds} 秒后重试同一步（第 {attempt} 次，共 {most} 次）……",
    noAnswer: "没有收到应答：网络或 Worker 暂时不可用。",
    repeated: "有一步因未收到应答而重新发送：第一次已完成的部分可能没有计入这里的数字，或计为此前已完成。",
  },
);
