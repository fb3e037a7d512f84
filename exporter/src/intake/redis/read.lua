-- Gives entries to a consumer: as many as there are, up to a count, and bytes up to a little more than a bound.
-- KEYS: the stream.
-- ARGV: group, consumer, ">" for what nobody was given or "0" for what this one was given, most entries, most bytes,
--   most bytes of one event.
-- Returns for each entry its id, and its event: "" if it has none that can be one, nil if the entry is gone.
local after, most_entries, most_bytes, most_event = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local found, entries, bytes, largest = {}, 0, 0, most_bytes

local function event_of(fields)
  if not fields then return false end
  for at = 1, #fields, 2 do
    if fields[at] == 'e' and #fields[at + 1] <= most_event then return fields[at + 1] end
  end
  return ''
end

while entries < most_entries and bytes < most_bytes do
  -- One at first: nobody knows how large they are.
  local count = math.max(1, math.min(64, most_entries - entries, math.floor((most_bytes - bytes) / largest)))
  local reply = redis.call('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', count, 'STREAMS', KEYS[1], after)
  local given = reply and reply[1][2] or {}
  if #given == 0 then break end
  largest = 1
  for _, entry in ipairs(given) do
    local event = event_of(entry[2])
    found[#found + 1], found[#found + 2] = entry[1], event
    entries = entries + 1
    bytes = bytes + #(event or '')
    largest = math.max(largest, #(event or ''))
    if after ~= '>' then after = entry[1] end
  end
end
return found
