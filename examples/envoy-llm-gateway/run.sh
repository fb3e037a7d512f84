#!/usr/bin/env bash
# Runs the gateway: a model server, unless MODEL_URL names a provider, and Envoy under the exporter.
# On PATH must be offpath, envoy and, for the model server, uvicorn.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
port=${PORT:-8080}

if [ -z "${MODEL_URL:-}" ]; then
    MODEL_URL="http://127.0.0.1:${MODEL_PORT:-9000}"
    uvicorn --app-dir "$here/../model-server" model_server:app --port "${MODEL_PORT:-9000}" --log-level warning &
    model_server=$!
    # Ctrl-C ends it too, and maybe before this does.
    trap 'kill $model_server 2>/dev/null || true' EXIT
    until (: <>"/dev/tcp/127.0.0.1/${MODEL_PORT:-9000}") 2>/dev/null; do
        kill -0 $model_server # Fails, which ends this, if it has ended.
        sleep 0.1
    done
fi

if ! [[ $MODEL_URL =~ ^(https?)://([^:/]+)(:([0-9]+))? ]]; then
    echo "run.sh: MODEL_URL must be like https://api.openai.com, got $MODEL_URL" >&2
    exit 64
fi
host=${BASH_REMATCH[2]}
case ${BASH_REMATCH[1]} in
https) tls='s|#tls# ||' model_port=${BASH_REMATCH[4]:-443} ;;
http) tls='' model_port=${BASH_REMATCH[4]:-80} ;;
esac

mkdir -p data
sed -e "s|port_value: 8080|port_value: $port|" \
    -e "s|address: 127.0.0.1, port_value: 9000|address: $host, port_value: $model_port|" \
    -e "s|/etc/envoy/offpath-envoy.wasm|$here/../../dist/offpath-envoy.wasm|" \
    -e "s|/etc/ssl/certs/ca-certificates.crt|${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}|" \
    -e "$tls" "$here/envoy.yaml" >data/envoy.yaml

echo "http://127.0.0.1:$port/v1 leads to $MODEL_URL" >&2
offpath run --config "$here/offpath.toml" -- envoy -c data/envoy.yaml --disable-hot-restart --log-level warning
