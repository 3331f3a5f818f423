import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { costsByFunction, profileWhile } from "./inspector.ts";
import { startLoad } from "./load.ts";
import { print } from "./print.ts";
import { runRound } from "./rounds.ts";
import { seedPool } from "./seed.ts";
import { buildBundle, doorName, startContestants, startD1, startGoogle } from "./topology.ts";

/** `node bench/profile.ts`: where Potluck's CPU goes, function by function, beside the bare pass-through. */

const INSPECTOR = "127.0.0.1:9379";
const SECONDS = 6;
const LINES = 60;

const directory = mkdtempSync(join(tmpdir(), "potluck-profile-"));
const toStop: (() => Promise<unknown>)[] = [];
try {
  await buildBundle(directory);
  const google = await startGoogle(directory);
  toStop.push(google.stop);
  const d1 = await startD1(directory);
  toStop.push(d1.stop);
  await seedPool({ port: d1.port(doorName(1000)) }, 1000);
  const upstream = google.port("google");
  const contestants = [
    { name: "pass-through", kind: "pass-through", upstream },
    { name: "potluck", kind: "potluck", size: 1000, upstream },
  ] as const;
  const workers = await startContestants(directory, contestants, d1, [`--inspector-addr=${INSPECTOR}`]);
  toStop.push(workers.stop);
  const load = startLoad();
  toStop.push(load.stop);
  for (const { name } of contestants) {
    const order = { contestant: name, mode: "unary", connections: 16 } as const;
    await runRound({ workers, load }, { ...order, seconds: 2 });
    let requests = NaN;
    const profile = await profileWhile(INSPECTOR, name, async () => {
      requests = (await runRound({ workers, load }, { ...order, seconds: SECONDS })).requests;
    });
    print(`\n${name}, ${requests} requests; µs a request: self, with callees`);
    const costs = costsByFunction(profile).filter(({ name: text }) => !text.startsWith("(idle)"));
    for (const cost of costs.toSorted((a, b) => b.totalUs - a.totalUs).slice(0, LINES)) {
      const figures = [cost.selfUs, cost.totalUs].map((us) => (us / requests).toFixed(1).padStart(7));
      print(`${figures.join(" ")}  ${cost.name}`);
    }
  }
} finally {
  for (const stop of toStop.toReversed()) await stop();
  rmSync(directory, { recursive: true, force: true });
}
