/** Writes metrics in Prometheus' text format, version 0.0.4. Pure. */

export const PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export interface Sample {
  /** Behind the metric's name: `_bucket`, `_sum`, `_count`; by default nothing. */
  suffix?: string;
  labels: Record<string, string>;
  value: number;
}

export interface Metric {
  name: string;
  help: string;
  type: "counter" | "gauge" | "histogram";
  samples: readonly Sample[];
}

export function toPrometheus(metrics: readonly Metric[]): string {
  return metrics.map(blockOf).join("");
}

function blockOf({ name, help, type, samples }: Metric): string {
  const lines = samples.map(({ suffix = "", labels, value }) => `${name}${suffix}${labelsOf(labels)} ${value}\n`);
  return `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function labelsOf(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}
