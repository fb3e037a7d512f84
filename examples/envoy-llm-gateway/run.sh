#!/usr/bin/env bash
# Runs the gateway: a model server, unless MODEL_URL names a provider, and Envoy under the exporter.
# On PATH must be offpath, envoy and, for the model server, uvicorn.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
port=${PORT:-8080}

# Whatever ends this ends what it has started.
trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT

listens() { # PORT
    (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

if [ -z "${MODEL_URL:-}" ]; then
    model_port=${MODEL_PORT:-9000}
    if listens "$model_port"; then
        echo "run.sh: the model server's port is taken, name another: MODEL_PORT=9001 $0" >&2
        exit 1
    fi
    uvicorn --app-dir "$here/../model-server" model_server:app --port "$model_port" --log-level warning &
    until listens "$model_port"; do
        kill -0 $! # Fails, which ends this, if it has ended.
        sleep 0.1
    done
    MODEL_URL="http://127.0.0.1:$model_port"
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
offpath run --config "$here/offpath.toml" -- envoy -c data/envoy.yaml --disable-hot-restart --log-level warning &
wait $!
