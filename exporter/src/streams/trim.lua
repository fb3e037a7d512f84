-- The lower of two ids, "<milliseconds>-<number>". As numbers, Lua could not tell large ones apart.
local function lower(a, b)
  local a_time, a_number = a:match('(%d+)-(%d+)')
  local b_time, b_number = b:match('(%d+)-(%d+)')
  for _, pair in ipairs({{a_time, b_time}, {a_number, b_number}}) do
    if #pair[1] ~= #pair[2] then return #pair[1] < #pair[2] and a or b end
    if pair[1] ~= pair[2] then return pair[1] < pair[2] and a or b end
  end
  return a
end

-- Removes what lies before the oldest entry that any group has not acknowledged, or before the last that it was given. A
-- stream that no group reads keeps all.
local function trim(stream)
  if redis.call('EXISTS', stream) == 0 then return 0 end
  local least
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
    local of = {}
    for at = 1, #group, 2 do of[group[at]] = group[at + 1] end
    local needed = of['last-delivered-id']
    if of['pending'] > 0 then
      needed = lower(needed, redis.call('XPENDING', stream, of['name'])[2])
    end
    least = least and lower(least, needed) or needed
  end
  return least and redis.call('XTRIM', stream, 'MINID', least) or 0
end
