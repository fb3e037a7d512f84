#!/bin/sh
# Runs the example: a model server, unless MODEL_URL names one, and the app under the exporter.
# On PATH must be offpath, uvicorn and Python with ../requirements-frameworks.txt.
exec "$(dirname "$0")/../run-app.sh" "$(dirname "$0")"
