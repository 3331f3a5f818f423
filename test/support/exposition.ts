/** A strict reader of Prometheus' text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). */

export interface ReadMetric {
  type: string;
  help: string;
  samples: { name: string; labels: Record<string, string>; value: number }[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*/;
const SUFFIXES: Record<string, readonly string[]> = {
  counter: [""],
  gauge: [""],
  histogram: ["_bucket", "_sum", "_count"],
};

/** The metrics of a text, in order. Throws on whatever the format does not allow. */
export function readExposition(text: string): Map<string, ReadMetric> {
  if (!text.endsWith("\n")) throw new Error("the last line must end in a line feed");
  const metrics = new Map<string, ReadMetric>();
  const seen = new Set<string>();
  let current = "";
  for (const line of text.slice(0, -1).split("\n")) {
    const [, keyword, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (keyword === "HELP") {
      if (metrics.has(name)) throw new Error(`${name} comes twice`);
      current = name;
      metrics.set(name, { type: "", help: unescape(rest, false), samples: [] });
      continue;
    }
    const metric = metrics.get(current);
    if (metric === undefined) throw new Error(`no HELP before: ${line}`);
    if (keyword === "TYPE") {
      if (name !== current || metric.type !== "" || SUFFIXES[rest] === undefined) throw new Error(`bad TYPE: ${line}`);
      metric.type = rest;
      continue;
    }
    const sample = readSample(line);
    const suffix = sample.name.startsWith(current) ? sample.name.slice(current.length) : "?";
    if (SUFFIXES[metric.type]?.includes(suffix) !== true) throw new Error(`not of ${current}: ${line}`);
    const identity =
      sample.name + JSON.stringify(Object.entries(sample.labels).toSorted(([one], [other]) => (one < other ? -1 : 1)));
    if (seen.has(identity)) throw new Error(`comes twice: ${line}`);
    seen.add(identity);
    metric.samples.push(sample);
  }
  for (const [name, metric] of metrics) if (metric.type === "histogram") checkHistogram(name, metric);
  return metrics;
}

function readSample(line: string): ReadMetric["samples"][number] {
  const name = NAME.exec(line)?.[0];
  if (name === undefined) throw new Error(`no name: ${line}`);
  let rest = line.slice(name.length);
  const labels: Record<string, string> = {};
  if (rest.startsWith("{")) {
    rest = rest.slice(1);
    while (!rest.startsWith("}")) {
      const label = LABEL_NAME.exec(rest)?.[0] ?? "";
      const value = /^="((?:[^"\\]|\\["\\n])*)"/.exec(rest.slice(label.length));
      if (label === "" || value === null || label in labels) throw new Error(`bad label: ${line}`);
      labels[label] = unescape(value[1] ?? "", true);
      rest = rest.slice(label.length + value[0].length);
      if (rest.startsWith(",")) rest = rest.slice(1);
      else if (!rest.startsWith("}")) throw new Error(`bad labels: ${line}`);
    }
    rest = rest.slice(1);
  }
  const value = /^ (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(rest)?.[1];
  if (value === undefined) throw new Error(`bad value: ${line}`);
  return { name, labels, value: Number(value) };
}

function unescape(text: string, quotes: boolean): string {
  return text.replaceAll(/\\(.)/g, (_, letter: string) => {
    if (letter === "n") return "\n";
    if (letter === "\\" || (quotes && letter === '"')) return letter;
    throw new Error(`bad escape: ${text}`);
  });
}

/** Buckets only grow, end in +Inf, and that one is the count. */
function checkHistogram(name: string, { samples }: ReadMetric): void {
  const series = Map.groupBy(samples, ({ labels }) => JSON.stringify({ ...labels, le: "" }));
  for (const [labels, ofSeries] of series) {
    const buckets = ofSeries.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels: { le } }) => (le === "+Inf" ? Infinity : Number(le)));
    const counts = buckets.map(({ value }) => value);
    const count = ofSeries.find((sample) => sample.name === `${name}_count`)?.value;
    const sum = ofSeries.find((sample) => sample.name === `${name}_sum`)?.value;
    const grows = (values: number[]) => values.every((value, at) => at === 0 || value >= (values[at - 1] ?? 0));
    if (!grows(bounds) || !grows(counts)) throw new Error(`buckets of ${labels} do not grow`);
    if (bounds.at(-1) !== Infinity || counts.at(-1) !== count || sum === undefined) throw new Error(`bad ${labels}`);
  }
}
