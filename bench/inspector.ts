/** V8's sampling profiler in one of workerd's isolates, over the inspector protocol. */

export interface ProfileNode {
  id: number;
  callFrame: { functionName: string; url: string; lineNumber: number };
  children?: number[];
}

export interface Profile {
  nodes: ProfileNode[];
  samples: number[];
  timeDeltas: number[];
}

const SAMPLING_INTERVAL_US = 200;

interface Reply {
  id: number;
  result: { profile?: Profile };
}

/** Profiles the Worker while `work` runs. */
export async function profileWhile(address: string, worker: string, work: () => Promise<void>): Promise<Profile> {
  const socket = new WebSocket(`ws://${address}/${encodeURIComponent(worker)}`);
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve, { once: true });
    socket.addEventListener("error", reject, { once: true });
  });
  let sent = 0;
  const call = (method: string, params = {}) =>
    new Promise<Reply>((resolve) => {
      const id = ++sent;
      socket.addEventListener("message", function listen({ data }) {
        const reply = JSON.parse(String(data)) as Reply;
        if (reply.id !== id) return;
        socket.removeEventListener("message", listen);
        resolve(reply);
      });
      socket.send(JSON.stringify({ id, method, params }));
    });
  await call("Profiler.enable");
  await call("Profiler.setSamplingInterval", { interval: SAMPLING_INTERVAL_US });
  await call("Profiler.start");
  await work();
  const { result } = await call("Profiler.stop");
  socket.close();
  if (result.profile === undefined) throw new Error("workerd gave no profile");
  return result.profile;
}

export interface FunctionCost {
  name: string;
  /** Microseconds in the function itself, native calls that it makes included where V8 cannot tell them apart. */
  selfUs: number;
  /** … and in all that it calls. */
  totalUs: number;
}

/** Adds a profile up by function. Pure. */
export function costsByFunction({ nodes, samples, timeDeltas }: Profile): FunctionCost[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const selfOf = new Map<number, number>();
  samples.forEach((id, index) => selfOf.set(id, (selfOf.get(id) ?? 0) + (timeDeltas[index] ?? 0)));
  const costs = new Map<string, FunctionCost>();

  const visit = (node: ProfileNode, above: ReadonlySet<string>): number => {
    const name = nameOf(node);
    const cost = costs.get(name) ?? { name, selfUs: 0, totalUs: 0 };
    costs.set(name, cost);
    const selfUs = selfOf.get(node.id) ?? 0;
    const within = new Set(above).add(name);
    const below = (node.children ?? []).map((id) => byId.get(id)).filter((child) => child !== undefined);
    const totalUs = below.reduce((sum, child) => sum + visit(child, within), selfUs);
    cost.selfUs += selfUs;
    if (!above.has(name)) cost.totalUs += totalUs;
    return totalUs;
  };
  const root = nodes[0];
  if (root !== undefined) visit(root, new Set());
  return [...costs.values()];
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const place = url === "" ? "native" : `${url.split("/").at(-1)}:${lineNumber + 1}`;
  return `${functionName === "" ? "(anonymous)" : functionName} ${place}`;
}
