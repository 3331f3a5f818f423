import type { CredentialKind } from "./credential.ts";

/** One request as it arrived. */
export interface Call {
  at: number;
  key: string | undefined;
  project: string | undefined;
  method: string;
  /** Path and query, as sent. */
  path: string;
  model: string | undefined;
  headers: Record<string, string>;
  credential: CredentialKind;
  bodyBytes: number;
  /** The first 64 KiB of the body. */
  bodyText: string;
  /** The caller gave up: before the answer, or before its last byte. */
  aborted: boolean;
  /** Undefined while there is no answer, and for a connection that broke. */
  answeredStatus: number | undefined;
}

const BODY_TEXT_LIMIT_BYTES = 64 * 1024;

export function openCall(request: Request, url: URL, at: number): Call {
  return {
    at,
    key: undefined,
    project: undefined,
    method: request.method,
    path: url.pathname + url.search,
    model: undefined,
    headers: Object.fromEntries(request.headers),
    credential: "none",
    bodyBytes: 0,
    bodyText: "",
    aborted: false,
    answeredStatus: undefined,
  };
}

export function noteBody(call: Call, bytes: Uint8Array): void {
  call.bodyBytes = bytes.byteLength;
  call.bodyText = new TextDecoder().decode(bytes.subarray(0, BODY_TEXT_LIMIT_BYTES));
}

/** The answer as the caller gets it: it stops with the caller's signal, and an unread rest counts as aborted. */
export function watchAnswer(call: Call, response: Response, signal: AbortSignal | undefined): Response {
  call.answeredStatus = response.status;
  if (!response.body) return response;
  const reader = response.body.getReader();
  const giveUp = (reason: unknown): Promise<void> => {
    call.aborted = true;
    return reader.cancel(reason).catch(() => undefined);
  };
  let stop = (): void => undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const onAbort = (): void => {
          controller.error(signal?.reason);
          void giveUp(signal?.reason);
        };
        stop = () => signal?.removeEventListener("abort", onAbort);
        signal?.addEventListener("abort", onAbort, { once: true });
      },
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (signal?.aborted) return;
          if (!done) return controller.enqueue(value);
          stop();
          controller.close();
        } catch (error) {
          stop();
          if (!signal?.aborted) controller.error(error);
        }
      },
      cancel(reason) {
        stop();
        return giveUp(reason);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { status: response.status, headers: response.headers });
}
