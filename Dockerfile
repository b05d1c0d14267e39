FROM python:3.11-slim

WORKDIR /src
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY conformance conformance
COPY openapi openapi
COPY handlers handlers
COPY server server
COPY testing testing
RUN pip install --no-cache-dir --require-hashes --requirement requirements.lock
RUN pip install --no-cache-dir --no-deps . && rm -rf /src/*

RUN useradd --system --no-create-home hivestand
USER hivestand
WORKDIR /

ENV HIVESTAND_HOST=0.0.0.0
EXPOSE 4010
CMD ["hivestand", "serve"]
