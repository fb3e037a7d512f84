#!/bin/sh
# Runs the app of an example's folder under the exporter, and a model server beside it, unless MODEL_URL names one.
# Each run.sh is this with its folder; PORT and MODEL_PORT say where to listen.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=$(cd "$1" && pwd)

if [ -z "${MODEL_URL:-}" ]; then
    model_port=${MODEL_PORT:-9000}
    uvicorn --app-dir "$here/model-server" model_server:app --port "$model_port" --log-level warning &
    model_server=$!
    trap 'kill $model_server 2>/dev/null || true' EXIT
    export MODEL_URL="http://127.0.0.1:$model_port/v1"
fi

offpath run --config "$folder/offpath.toml" -- uvicorn --app-dir "$folder" main:app --port "${PORT:-8000}"
