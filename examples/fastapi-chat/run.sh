#!/bin/sh
# Runs the example: a model server, unless MODEL_URL names one, and the app under the exporter.
# On PATH must be offpath and uvicorn; Python must have fastapi and openai.
exec "$(dirname "$0")/../run-app.sh" "$(dirname "$0")"
