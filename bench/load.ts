import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { stopProcess } from "../scripts/lib/workerd-process.ts";

const STOP_TIMEOUT_MS = 3000;

export interface LoadOrder {
  url: string;
  headers: Record<string, string>;
  /** The keys that the callers send, one a connection in turn. */
  callerKeys: string[];
  body: string;
  seconds: number;
  connections: number;
  /** Requests a second, evenly spread; without it, as many as the connections can. */
  ratePerSecond?: number;
}

export interface LoadResult {
  /** Requests answered, each of them. */
  answered: number;
  /** Milliseconds of each answered request; at a rate, without those while the generator itself starts or ends. */
  latencies: number[];
  /** Answers other than 2xx, connection errors, time-outs. */
  failures: number;
  seconds: number;
}

export interface Load {
  run: (order: LoadOrder) => Promise<LoadResult>;
  stop: () => Promise<void>;
}

/** Starts the load generator's process. */
export function startLoad(): Load {
  const child = fork(join(import.meta.dirname, "load-process.ts"), {
    serialization: "advanced",
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  return {
    async run(order) {
      const answered = once(child, "message");
      child.send(order);
      const [result] = (await answered) as [LoadResult];
      return result;
    },
    stop: () => stopProcess(child, STOP_TIMEOUT_MS),
  };
}
