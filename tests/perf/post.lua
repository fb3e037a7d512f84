-- wrk's side of the measurement: posts a JSON body of the size given, and ends with one line of JSON in µs.
-- wrk … -s post.lua URL -- SIZE

init = function(arguments)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.body = '{"text": "' .. string.rep("a", tonumber(arguments[1]) - 12) .. '"}'
end

done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '{"seconds": %f, "requests": %d, "failed": %d, "p50": %f, "p99": %f, "p99.9": %f, "max": %f}\n',
    summary.duration / 1e6, summary.requests,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9), latency.max
  ))
end
