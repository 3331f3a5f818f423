interface Env {
  GEMINI_BASE_URL: string;
}

/** The limit: what a Worker costs that does nothing but forward. The request and the answer stay native. */
export default {
  fetch(request, env) {
    const url = new URL(request.url);
    return fetch(env.GEMINI_BASE_URL + url.pathname + url.search, request);
  },
} satisfies ExportedHandler<Env>;
