#!/bin/sh
# Runs the example: a model server, unless MODEL_URL names one, and the app under the exporter.
# On PATH must be offpath and uvicorn; Python must have fastapi and openai.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

if [ -z "${MODEL_URL:-}" ]; then
    model_port=${MODEL_PORT:-9000}
    uvicorn --app-dir "$here/../model-server" model_server:app --port "$model_port" --log-level warning &
    model_server=$!
    trap 'kill $model_server' EXIT
    export MODEL_URL="http://127.0.0.1:$model_port/v1"
fi

offpath run --config "$here/offpath.toml" -- uvicorn --app-dir "$here" main:app --port "${PORT:-8000}"
