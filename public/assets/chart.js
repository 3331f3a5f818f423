// Draws every <figure data-chart> with uPlot (vendor/, loaded before this module), in the page's colours.

/**
 * @typedef {import("uplot").Options} Options
 * @typedef {import("uplot").Axis} Axis
 * @typedef {import("uplot").Scale} Scale
 * @typedef {import("uplot").Series} Look
 * @typedef {{ label: string, values: (number | null)[], shape: "bars" | "line" | "area", tone: string,
 *   unit?: "count" | "share" | "ms", axis?: "left" | "right" }} Series
 * @typedef {{ step: "hour" | "day", times: number[], series: Series[] }} ChartData
 */

import { locale } from "./locale.js";

const { uPlot } = /** @type {{ uPlot: typeof import("uplot") }} */ (/** @type {unknown} */ (globalThis));

const bars = /** @type {import("uplot").Series.PathBuilder} */ (uPlot.paths.bars?.({ size: [0.72, 40], radius: 0.2 }));
const curve = /** @type {import("uplot").Series.PathBuilder} */ (uPlot.paths.spline?.());

const HEIGHT = 280;
const HEIGHT_ON_A_PHONE = 220;
const NARROW = 520;
const FONT_SIZE = 12;

const isDark = matchMedia("(prefers-color-scheme: dark)");

for (const figure of document.querySelectorAll("figure[data-chart]")) {
  if (figure instanceof HTMLElement) show(figure);
}

/** @param {HTMLElement} figure */
function show(figure) {
  const plot = figure.querySelector("[data-chart-plot]");
  const text = figure.querySelector("[data-chart-data]")?.textContent;
  if (!(plot instanceof HTMLElement) || !text) return;
  /** @type {ChartData} */
  const data = JSON.parse(text);
  /** @type {import("uplot") | undefined} */
  let chart;
  let width = 0;
  const redraw = () => {
    chart?.destroy();
    width = plot.clientWidth;
    chart = draw(plot, data, width);
  };
  redraw();
  isDark.addEventListener("change", redraw);
  new ResizeObserver(() => {
    if (plot.clientWidth !== width && plot.clientWidth > 0) redraw();
  }).observe(plot);
}

/**
 * @param {HTMLElement} plot
 * @param {ChartData} data
 * @param {number} width
 * @returns {import("uplot")}
 */
function draw(plot, { step, times, series }, width) {
  const colour = coloursOf(plot);
  const isNarrow = width < NARROW;
  const onRight = series.find(({ axis }) => axis === "right");
  const onLeft = series.find(({ axis }) => axis !== "right");
  /** @type {Options} */
  const options = {
    width,
    height: isNarrow ? HEIGHT_ON_A_PHONE : HEIGHT,
    padding: [12, onRight ? 0 : 18, 0, 0],
    cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
    legend: { live: true },
    scales: { x: { time: true, range: aroundBars(times, series) }, left: scaleFor(onLeft), right: scaleFor(onRight) },
    axes: [
      {
        ...axisLook(plot, colour),
        size: 34,
        space: isNarrow ? 64 : 84,
        values: (_, at) => at.map(tick(step)),
        grid: { show: false },
      },
      {
        ...axisLook(plot, colour),
        scale: "left",
        size: sizeFor(onLeft),
        values: (_, marks) => marks.map(amount(onLeft)),
      },
      ...(onRight
        ? [
            {
              ...axisLook(plot, colour),
              scale: "right",
              side: /** @type {import("uplot").Axis.Side} */ (1),
              size: sizeFor(onRight),
              grid: { show: false },
              values: (/** @type {unknown} */ _, /** @type {number[]} */ marks) => marks.map(amount(onRight)),
            },
          ]
        : []),
    ],
    series: [
      { value: (_, at) => (at === null ? "" : moment(step, at)), label: "" },
      ...series.map((one) => lookOf(one, colour)),
    ],
  };
  const chart = new uPlot(options, [times.map((at) => at / 1000), ...series.map(({ values }) => values)], plot);
  // The figure's caption and table say it better to a screen reader, and nothing here is for the keyboard.
  chart.root.setAttribute("aria-hidden", "true");
  return chart;
}

/**
 * @param {Series} one
 * @param {(name: string) => string} colour
 * @returns {Look}
 */
function lookOf(one, colour) {
  const ink = colour(`--series-${one.tone}`);
  const value = amount(one);
  /** @type {Look} */
  const common = {
    label: one.label,
    scale: one.axis === "right" ? "right" : "left",
    stroke: ink,
    // One value alone makes no line.
    points: { show: one.values.filter((given) => given !== null).length === 1, size: 8, fill: ink },
    value: (_, number) => (number === null ? "–" : value(number)),
  };
  switch (one.shape) {
    case "bars":
      return {
        ...common,
        width: 0,
        fill: ink,
        paths: bars,
        points: { show: false },
      };
    case "area":
      return { ...common, width: 2, fill: `${ink}33` };
    case "line":
      return { ...common, width: 2.5, paths: curve, spanGaps: true };
  }
}

/**
 * From nothing up: a chart that begins elsewhere makes little look like much.
 * @param {Series | undefined} one
 * @returns {Scale}
 */
function scaleFor(one) {
  if (one?.unit === "share") return { range: [0, 1] };
  return { range: (_, __, max) => [0, niceTop(max)] };
}

/**
 * A bar stands around its time: half of the first and of the last would lie outside.
 * @param {number[]} times
 * @param {Series[]} series
 * @returns {(chart: unknown, min: number, max: number) => [number, number]}
 */
function aroundBars(times, series) {
  const [first = 0, second = first + 3_600_000] = times;
  const half = series.some(({ shape }) => shape === "bars") ? (second - first) / 2000 : 0;
  return (_, min, max) => [min - half, max + half];
}

/**
 * @param {number | null} max
 * @returns {number}
 */
function niceTop(max) {
  if (max === null || !(max > 0)) return 4;
  const magnitude = 10 ** Math.floor(Math.log10(max));
  const top = [1, 1.5, 2, 3, 4, 5, 8, 10].find((step) => step * magnitude >= max * 1.05) ?? 15;
  return Math.max(4, top * magnitude);
}

/**
 * @param {HTMLElement} plot
 * @param {(name: string) => string} colour
 * @returns {Axis}
 */
function axisLook(plot, colour) {
  return {
    stroke: colour("--ink-soft"),
    font: `${FONT_SIZE}px ${getComputedStyle(plot).fontFamily}`,
    grid: { stroke: colour("--grid"), width: 1 },
    ticks: { show: false },
    gap: 6,
  };
}

/** @param {Series | undefined} one */
function sizeFor(one) {
  if (one?.unit === "share") return 50;
  const longest = Math.max(4, ...(one?.values ?? []).map((value) => value ?? 0));
  return one?.unit === "ms" ? 64 : 28 + String(Math.round(longest)).length * 7;
}

/** @param {HTMLElement} element */
function coloursOf(element) {
  const style = getComputedStyle(element);
  return (/** @type {string} */ name) => style.getPropertyValue(name).trim();
}

/**
 * @param {Series | undefined} one
 * @returns {(value: number) => string}
 */
function amount(one) {
  if (one?.unit === "share") {
    const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
    return (value) => percent.format(value);
  }
  const count = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  return one?.unit === "ms" ? (value) => `${count.format(Math.round(value))} ms` : (value) => count.format(value);
}

/**
 * @param {"hour" | "day"} step
 */
function tick(step) {
  const hour = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
  const day = new Intl.DateTimeFormat(locale, { month: "short", day: "numeric" });
  return (/** @type {number} */ seconds) => {
    const at = new Date(seconds * 1000);
    return step === "day" || (at.getHours() === 0 && at.getMinutes() === 0) ? day.format(at) : hour.format(at);
  };
}

/**
 * @param {"hour" | "day"} step
 * @param {number} seconds
 */
function moment(step, seconds) {
  /** @type {Intl.DateTimeFormatOptions} */
  const form =
    step === "day" ? { dateStyle: "medium" } : { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" };
  return new Intl.DateTimeFormat(locale, form).format(new Date(seconds * 1000));
}
