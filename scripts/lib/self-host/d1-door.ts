/** The way from a D1 binding to its database. Runs in workerd. */

interface Env {
  OBJECTS: DurableObjectNamespace;
  DATABASE: string;
}

export default {
  fetch(request, env) {
    const database = env.OBJECTS.get(env.OBJECTS.idFromName(env.DATABASE));
    return database.fetch(request, { cf: { miniflare: { name: env.DATABASE } } as RequestInitCfProperties });
  },
} satisfies ExportedHandler<Env>;
