# Two stages: dependencies are built with hashes checked, then copied into an image that runs as nobody in particular.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/family-record
COPY requirements.lock ./
RUN /opt/family-record/bin/pip install --no-cache-dir --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md LICENSE alembic.ini ./
COPY app app
COPY linkage linkage
COPY governance governance
COPY migrations migrations
RUN /opt/family-record/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin record \
    && install -d -o record -g record -m 0700 /data /keys /anchors
COPY --from=build /opt/family-record /opt/family-record
ENV PATH=/opt/family-record/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    FAMILY_RECORD_MODE=production \
    FAMILY_RECORD_HOME=/data \
    FAMILY_RECORD_KEY_FILE=/keys/family-record.key \
    FAMILY_RECORD_ANCHOR_DIR=/anchors \
    FAMILY_RECORD_HOST=0.0.0.0
USER record
VOLUME ["/data", "/keys", "/anchors"]
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import sys, urllib.request; sys.exit(urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=4).status != 200)"]
ENTRYPOINT ["family-record"]
CMD ["serve"]
