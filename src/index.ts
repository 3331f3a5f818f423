export default { fetch: () => new Response("potluck") } satisfies ExportedHandler;
