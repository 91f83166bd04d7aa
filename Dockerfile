# syntax=docker/dockerfile:1

# A tag without a digest: a rebuild takes the security fixes of Debian and of Node 24 without an edit here. Whoever
# needs the same bytes each time pins them: docker build --build-arg NODE_IMAGE=node:24-bookworm-slim@sha256:…
# Debian rather than Alpine, because native modules come prebuilt for glibc; the same release in every stage.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
# Without the workspaces: the embedded servers are for development only.
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci --workspaces=false
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npx tsc -p tsconfig.build.json && rm -f dist/.tsbuildinfo
COPY web ./web
RUN npx vite build --config web/vite.config.ts

# What runs is installed afresh from the lock file, so that nothing of the build's packages is left over.
FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --workspaces=false

FROM ${NODE_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Mario's Pizzeria order service" \
      org.opencontainers.image.description="Event-sourced REST service for pizza orders on EventStoreDB and MongoDB" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

# Production requires EVENTSTORE_URL and MONGODB_URL; no embedded server is ever started here, so nothing is written
# and the root file system can be read-only.
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=3000
WORKDIR /app
COPY package.json LICENSE ./
COPY openapi/openapi.json ./openapi/
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist

# The files belong to root and are only readable for the user that runs them.
USER node
EXPOSE 3000

# Liveness, not readiness: a store that is away must not get this container restarted. No curl in the image.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/health/live').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]

# Exec form: node itself is PID 1 and gets the signals; a shell or npm between would swallow them. The kernel ignores
# SIGTERM to a PID 1 that has no handler for it; the service installs one (drain, finish, close, exit 0). It starts no
# child processes, so that there is nothing to reap and no init is needed.
STOPSIGNAL SIGTERM
CMD ["node", "dist/main.js"]
