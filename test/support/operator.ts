import type { Bindings } from "../../src/settings.ts";
import { layTable, type Table } from "./table.ts";

export const ADMIN_TOKEN = "the-operator's-own-token-of-the-tests";

export interface Called {
  status: number;
  headers: Headers;
  body: unknown;
}

export interface OperatorTable extends Table {
  /** Calls the operator's API with the operator's token; `path` is below /api/admin. */
  call: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Called>;
  /** The same, for an answer that must be 200. */
  get: <Body>(path: string) => Promise<Body>;
  post: <Body>(path: string, body: unknown) => Promise<Body>;
}

/** A table with an operator. */
export function layOperatorTable(vars: Partial<Bindings> = {}): OperatorTable {
  const table = layTable({ ADMIN_TOKEN, ...vars });

  const call: OperatorTable["call"] = async (method, path, body, headers = {}) => {
    const response = await table.send({
      method,
      path: `/api/admin${path}`,
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, ...headers },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  };

  async function succeed<Body>(called: Promise<Called>): Promise<Body> {
    const { status, body } = await called;
    if (status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`);
    return body as Body;
  }

  return {
    ...table,
    call,
    get: (path) => succeed(call("GET", path)),
    post: (path, body) => succeed(call("POST", path, body)),
  };
}

export function messageOf({ body }: Called): string {
  return (body as { error: { message: string } }).error.message;
}
