# docker build -t switchboard .
# docker run -p 8080:8080 switchboard
FROM rust:1.95-slim-bookworm AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --package switchboard-gateway --bin switchboard \
 && cp target/release/switchboard /switchboard

FROM debian:bookworm-slim
# Engines are reached over TLS: their certificates are checked against these.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --no-create-home --shell /usr/sbin/nologin switchboard \
 && install --directory --owner switchboard --mode 0700 /var/lib/switchboard
COPY --from=build /switchboard /usr/local/bin/switchboard
USER switchboard
# Where a file of `[store]` belongs: url = "sqlite:/var/lib/switchboard/switchboard.db".
VOLUME /var/lib/switchboard
EXPOSE 8080 9090
STOPSIGNAL SIGTERM
ENTRYPOINT ["switchboard"]
# The demo. With a configuration: serve --config /etc/switchboard/production.toml
CMD ["serve", "--listen", "0.0.0.0:8080"]
