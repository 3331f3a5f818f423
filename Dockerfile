# syntax=docker/dockerfile:1
# Potluck on a server of your own: docs/operations.md. The same steps as `pnpm start` on a clean checkout.
FROM node:24-slim

RUN npm install --global pnpm@12.18.0 \
 && mkdir /app /data \
 && chown node:node /app /data

USER node
WORKDIR /app

# The dependencies change less often than the code.
COPY --chown=node:node package.json pnpm-lock.yaml pnpm-workspace.yaml ./
RUN pnpm install --frozen-lockfile

COPY --chown=node:node wrangler.jsonc tsconfig.json ./
COPY --chown=node:node migrations ./migrations
COPY --chown=node:node public ./public
COPY --chown=node:node scripts ./scripts
COPY --chown=node:node src ./src

ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=8787 \
    DATA_DIR=/data

VOLUME /data
EXPOSE 8787

HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "--no-warnings", "scripts/start-health.ts"]

CMD ["node", "--no-warnings", "scripts/start.ts"]
