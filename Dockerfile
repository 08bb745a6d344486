# The bundle on a slim Node, as a user without rights, on a read-only root file system.
#
#   docker build -t sluice .
#   docker run --read-only --tmpfs /tmp -v ~/.kube:/home/node/.kube:ro sluice controller
#
# The syncer (--controllers sync) drives the system's git, so git and ssh are in the image.

FROM node:24-trixie-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# The image brings its own Node: the optional node-* packages stay out.
RUN npm ci --omit=optional --ignore-scripts
COPY tsconfig.json ./
COPY src ./src
RUN npm run build

FROM node:24-trixie-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates git openssh-client tini \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /build/package.json ./
COPY --from=build /build/dist ./dist
COPY src/bin/launch.mjs src/bin/sluice.mjs src/bin/kubectl-sluice.mjs ./src/bin/
ENV NODE_ENV=production
# Memory (docs/measured.md): V8's young generation grows with the machine's memory, and malloc keeps a heap for each thread.
ENV MALLOC_ARENA_MAX=2
# 1000 is the user `node` of the base image; a number, so that runAsNonRoot can be checked.
USER 1000:1000
EXPOSE 8080 8090
# tini reaps git's children; SIGTERM reaches the one process, which releases its lease and ends.
ENTRYPOINT ["/usr/bin/tini", "--", "node", "--max-semi-space-size=8", "/app/src/bin/sluice.mjs"]
CMD ["controller"]
