-- Adds events, and says how far their writer has come.
-- KEYS: the stream, the positions.
-- ARGV: the writer, its position as it knows it or "", the next, most entries, most bytes; then the events.
-- Returns what came of it: "added", "full", or "moved" if the position is another.
local stream, positions = KEYS[1], KEYS[2]
if (redis.call('HGET', positions, ARGV[1]) or '') ~= ARGV[2] then return 'moved' end

local function is_full()
  return redis.call('XLEN', stream) >= tonumber(ARGV[4])
    or (redis.call('MEMORY', 'USAGE', stream) or 0) >= tonumber(ARGV[5])
end
if is_full() then
  trim(stream)
  if is_full() then return 'full' end
end
for at = 6, #ARGV do redis.call('XADD', stream, '*', 'e', ARGV[at]) end
redis.call('HSET', positions, ARGV[1], ARGV[3])
return 'added'
