-- Acknowledges those entries of a batch that are still this consumer's, and notes that it did.
-- KEYS: the stream, the batches.
-- ARGV: group, consumer, reader, the batch that it took before, this batch; then the entries' ids.
-- Returns the places, from 0, of the entries that are not its own any more; nil if another batch was noted last.
local known = redis.call('HGET', KEYS[2], ARGV[3]) or ''
if known:match('^%x*') ~= ARGV[4] then return false end

local gone = {}
for at = 6, #ARGV do
  local pending = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[at], ARGV[at], 1, ARGV[2])
  if #pending == 1 then
    redis.call('XACK', KEYS[1], ARGV[1], ARGV[at])
  else
    gone[#gone + 1] = at - 6
  end
end
redis.call('HSET', KEYS[2], ARGV[3], table.concat({ARGV[5], unpack(gone)}, ' '))
return gone
