# Jejak in an image of its own: one static program, no shell, not root.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# The version comes from .git, which is in the context, or from --build-arg VERSION=v1.2.3 where there is none: backups name the program that wrote them, so
# an image that does not know which it is is not made.
ARG VERSION=
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w -X main.version=$VERSION" -o /out/jejak ./cmd/jejak && mkdir -p /out/data
RUN ! /out/jejak version | grep -w devel

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/jejak /usr/local/bin/jejak
# The user of the image must own the data directory, or nothing can be written to a fresh volume.
COPY --from=build --chown=nonroot:nonroot --chmod=0700 /out/data /data
ENV JEJAK_DATA=/data
VOLUME /data
EXPOSE 8080 4222
STOPSIGNAL SIGTERM
# The program asks its own server: the image has no curl.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 CMD ["/usr/local/bin/jejak", "version", "--server"]
ENTRYPOINT ["/usr/local/bin/jejak"]
# Inside a container the loopback address reaches nobody. Publish the port to 127.0.0.1 only, and put a proxy with TLS in front.
CMD ["serve", "--listen", "0.0.0.0:8080", "--allow-remote"]
