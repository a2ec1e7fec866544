# `slant serve` in a container. The build needs no network: all packages come from dist/ (make image fills it).
#
#   make image
#   docker run --rm --read-only --tmpfs /tmp -p 127.0.0.1:8765:8765 -e SLANT_TOKEN=a-long-secret-word slant
FROM python:3.12-slim

RUN useradd --create-home slant
RUN --mount=type=bind,source=dist,target=/dist \
    pip install --no-cache-dir --no-index --find-links /dist --find-links /dist/needed \
    "$(ls /dist/slant-*.whl)[serve]" $(ls /dist/slant_base-*.whl 2>/dev/null || true)

USER slant
WORKDIR /home/slant
# Compiled models are kept here; with --read-only, in memory.
ENV XDG_CACHE_HOME=/tmp/cache PYTHONUNBUFFERED=1
EXPOSE 8765
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8765/health', timeout=4)"]
# The container is reached from outside, so the server refuses to start without SLANT_TOKEN.
ENTRYPOINT ["slant", "serve", "--host", "0.0.0.0", "--port", "8765"]
