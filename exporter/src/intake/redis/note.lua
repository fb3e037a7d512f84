-- Notes a batch in place of another. KEYS: the batches. ARGV: reader, the note that is there, the new one.
-- Returns whether the note was there.
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
