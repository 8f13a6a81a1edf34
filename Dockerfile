# The image of every command. `docker compose build` makes it; for a release:
#   docker build --build-arg VERSION=0.1.0 --build-arg REVISION="$(git rev-parse HEAD)" \
#       --build-arg PYTHON_IMAGE=python:3.12-slim-bookworm@sha256:… --tag review-sentiment-stream:0.1.0 .
# where the digest fixes the base, as the locks fix the packages.
ARG PYTHON_IMAGE=python:3.12-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_CACHE_DIR=/var/cache/pip
WORKDIR /build
# pip stays out of the environment that is shipped.
RUN python -m venv --without-pip /opt/venv
COPY requirements.lock requirements-dev.lock ./
RUN --mount=type=cache,target=/var/cache/pip \
    pip --python /opt/venv/bin/python install --require-hashes --only-binary :all: --requirement requirements.lock
# hatchling and all that it needs, out of the lock that has them.
RUN --mount=type=cache,target=/var/cache/pip \
    awk '/^[a-z]/ {keep = /^(hatchling|packaging|pathspec|pluggy|tomlkit|trove-classifiers)==/} keep' \
        requirements-dev.lock > build.lock \
    && pip install --require-hashes --only-binary :all: --requirement build.lock
COPY . .
RUN pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && pip --python /opt/venv/bin/python install --no-deps --no-index dist/*.whl
# The scoring loops as machine code beside their source, for any CPU of this kind: compiling takes a start ten seconds.
ENV NUMBA_CPU_NAME=generic
RUN cd / && echo '{"text": "It works. It is small, \u201cso\u201d it is."}' | /opt/venv/bin/stream-app classify - > /dev/null

FROM ${PYTHON_IMAGE}
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="review-sentiment-stream" \
      org.opencontainers.image.description="Classifies every sentence of a Kafka stream of reviews as positive, neutral or negative." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
RUN python -m pip uninstall --yes --quiet --root-user-action ignore pip \
    && useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin stream
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    STREAM_HTTP_HOST=0.0.0.0 \
    STREAM_HTTP_PORT=9464 \
    STREAM_API_HOST=0.0.0.0 \
    STREAM_API_PORT=8080 \
    NUMBA_CPU_NAME=generic \
    NUMBA_CACHE_LOCATOR_CLASSES=stream_app.core.compilation.ShippedCacheLocator
USER 10001:10001
EXPOSE 9464 8080
# By http.client: it asks no proxy.
HEALTHCHECK --interval=5s --timeout=4s --start-period=30s --retries=3 CMD ["python", "-c", "\
import http.client, os, sys; \
worker = http.client.HTTPConnection('127.0.0.1', int(os.environ['STREAM_HTTP_PORT']), timeout=3); \
worker.request('GET', '/readyz'); \
sys.exit(worker.getresponse().status != 200)"]
STOPSIGNAL SIGTERM
# The root may be read-only: nothing is written.
ENTRYPOINT ["stream-app"]
CMD ["worker"]
