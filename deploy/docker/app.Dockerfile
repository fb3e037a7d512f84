# An app under the middleware: docker build -t chat -f deploy/docker/app.Dockerfile .
#
# The wheel comes from `make wheel`, which leaves it in dist/.
FROM python:3.13-slim-bookworm
COPY dist/offpath-*-abi3-*.whl /tmp/
RUN pip install --no-cache-dir /tmp/offpath-*.whl fastapi openai uvicorn && rm /tmp/offpath-*.whl
COPY examples/fastapi-chat/main.py /app/main.py
WORKDIR /app
# The exporter's.
USER 10001:10001
ENV OFFPATH_DIR=/run/offpath/rings OFFPATH_CONFIG=/etc/offpath/offpath.toml
EXPOSE 8000
CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]
