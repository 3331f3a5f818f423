import { ACTIVITY_COUNTS, HOUR_MS, SPAN_MS, type ActivityCell } from "../db/activity.ts";
import { startOf } from "./spans.ts";

/** A request for the API that was answered. */
export interface Answered {
  model: string | undefined;
  /** The HTTP status that the caller got. */
  status: number;
  servedBy: "pool" | "own" | undefined;
  attempts: number;
  /** How long it took until Google's answer began. */
  ms: number;
  /** No key and nothing at Google was to blame. */
  callerFault: boolean;
}

/** What cannot be told apart: no model, one that Google has not served here, one too many. */
const OTHER = "other";

/** What a caller invents must not grow the table: a model counts once Google has served it, and so many in a span. */
const MAX_MODELS = 64;
const MAX_KNOWN = 512;
const MODEL = /^[a-z][a-z0-9.-]{0,60}$/;

/** Cells that wait to be written; beyond it the oldest are lost. D1 has been down for hours then. */
const MAX_WAITING = 500;

/**
 * The span under way is written at each flush while rows are plenty, else twice a span: an isolate that ends loses so
 * much, and failures find rows too.
 */
const PLENTY = 4;
const HELD_MS = SPAN_MS / 2;

/** Requests by span and model, gathered between flushes. Counting is a few additions. */
export class ActivityTally {
  readonly #known = new Set<string>();
  #cells = new Map<string, ActivityCell>();
  #startAt = 0;
  #takenAt = -Infinity;
  /** Spans that have ended, by hour and model. */
  readonly #waiting = new Map<string, ActivityCell>();

  count(answered: Answered, now: number): void {
    if (now >= this.#startAt + SPAN_MS) this.#begin(now);
    const cell = this.#cellOf(answered);
    cell.requests += 1;
    if (isServed(answered.status)) {
      cell.served += 1;
      if (answered.servedBy === "pool") cell.servedByPool += 1;
    }
    if (answered.callerFault) cell.callerFaults += 1;
    if (answered.attempts > 1) cell.retries += answered.attempts - 1;
    addLatency(cell, answered.ms);
  }

  /** How many cells wait to be written. */
  get size(): number {
    return this.#waiting.size + this.#cells.size;
  }

  /** What was counted since, `most` cells of it; spans that have ended first, as nothing more is added to them. */
  take(now: number, most: number): ActivityCell[] {
    if (now >= this.#startAt + SPAN_MS) this.#begin(now);
    const taken = this.#takeWaiting(most);
    const rest = most - taken.length;
    const isWorthIt = rest >= PLENTY * this.#cells.size || now >= this.#takenAt + HELD_MS;
    if (this.#cells.size > rest || !isWorthIt) return taken;
    taken.push(...this.#cells.values());
    this.#cells = new Map();
    this.#takenAt = now;
    return taken;
  }

  #begin(now: number): void {
    for (const cell of this.#cells.values()) this.#wait(cell);
    this.#cells = new Map();
    this.#startAt = startOf(now, SPAN_MS);
  }

  /** Where rows are so few that a span still waits when the next one ends, both become one: hours stay exact. */
  #wait(cell: ActivityCell): void {
    const name = `${startOf(cell.startAt, HOUR_MS)} ${cell.model}`;
    const earlier = this.#waiting.get(name);
    if (earlier === undefined) this.#waiting.set(name, cell);
    else for (const count of ACTIVITY_COUNTS) earlier[count] += cell[count];
    const oldest = this.#waiting.size > MAX_WAITING ? this.#waiting.keys().next().value : undefined;
    if (oldest !== undefined) this.#waiting.delete(oldest);
  }

  #takeWaiting(most: number): ActivityCell[] {
    const taken = [...this.#waiting].slice(0, most);
    for (const [name] of taken) this.#waiting.delete(name);
    return taken.map(([, cell]) => cell);
  }

  #cellOf({ model, status }: Answered): ActivityCell {
    const name = model !== undefined && this.#isModel(model, status) ? model : OTHER;
    return this.#cells.get(name) ?? this.#open(name);
  }

  #isModel(model: string, status: number): boolean {
    if (!this.#known.has(model)) {
      if (!isServed(status) || this.#known.size >= MAX_KNOWN || !MODEL.test(model)) return false;
      this.#known.add(model);
    }
    return this.#cells.has(model) || this.#cells.size < MAX_MODELS;
  }

  #open(model: string): ActivityCell {
    const cell = emptyCell(this.#startAt, model);
    this.#cells.set(model, cell);
    return cell;
  }
}

/** 101 opens a Live session. */
function isServed(status: number): boolean {
  return status === 101 || (status >= 200 && status < 300);
}

function addLatency(cell: ActivityCell, ms: number): void {
  cell.latencyMs += ms;
  if (ms <= 500) cell.within500 += 1;
  if (ms <= 1000) cell.within1000 += 1;
  if (ms <= 2500) cell.within2500 += 1;
  if (ms <= 5000) cell.within5000 += 1;
  if (ms <= 10_000) cell.within10000 += 1;
  if (ms <= 30_000) cell.within30000 += 1;
}

function emptyCell(startAt: number, model: string): ActivityCell {
  return {
    startAt,
    model,
    requests: 0,
    served: 0,
    servedByPool: 0,
    callerFaults: 0,
    retries: 0,
    latencyMs: 0,
    within500: 0,
    within1000: 0,
    within2500: 0,
    within5000: 0,
    within10000: 0,
    within30000: 0,
  };
}
