#!/usr/bin/env bash
# Before Envoy gets SIGTERM: lets clients leave and what is in progress end, and the filter send its last events.
#
#   drain.sh [LONGEST]     seconds that requests in progress may take; 30 unless told
#
# As preStop hook of a pod, give the pod a terminationGracePeriodSeconds of LONGEST + 15. It needs bash and coreutils, so it
# runs in the image envoyproxy/envoy, but not in its distroless variant.
set -eu
longest=${1:-30}
# As `admin` and `stat_prefix` of the configuration have it.
admin=${ENVOY_ADMIN:-127.0.0.1:9901}
prefix=${ENVOY_STAT_PREFIX:-ingress}
# Load balancers take so long to hear that they should send nothing more, in seconds.
at_least=${DRAIN_AT_LEAST:-5}

request() { # METHOD PATH
    exec 3<>"/dev/tcp/${admin%:*}/${admin##*:}"
    printf '%s %s HTTP/1.1\r\nhost: admin\r\ncontent-length: 0\r\nconnection: close\r\n\r\n' "$1" "$2" >&3
    cat <&3
    exec 3>&-
}

in_progress() {
    request GET "/stats?filter=^http[.]$prefix[.]downstream_rq_active$" | tr -d '\r' | sed -n 's/.*downstream_rq_active: //p'
}

request POST '/drain_listeners?graceful&skip_exit' >/dev/null
sleep "$at_least"
for ((waited = at_least; waited < longest; waited++)); do
    [ "$(in_progress)" != 0 ] || break
    sleep 1
done
# The filter sends every 100 ms, or what `egress.interval` says.
sleep 1
