-- Months since year 0; after Howard Hinnant's days-to-civil algorithm.
local function month_of(days)
  local z = days + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  return (yoe + era * 400) * 12 + math.floor((5 * doy + 2) / 153) + 2
end

-- The offset in force at an instant, by "from:offset;…" in ms.
local function offset_at(zone, now_ms)
  local offset_ms = 0
  for from, offset in string.gmatch(zone, '(%d+):(-?%d+)') do
    if now_ms >= tonumber(from) then offset_ms = tonumber(offset) end
  end
  return offset_ms
end

-- The period that an instant of a day falls in: hour, day, week from Monday, month, or all (h d w m a); nil for a run,
-- which the calendar does not end.
local function period_at(letter, day, now_ms, offset_ms)
  if letter == 'a' then return 0 end
  if letter == 'd' then return day end
  if letter == 'w' then return math.floor((day + 3) / 7) end
  if letter == 'm' then return month_of(day) end
  if letter == 'h' then return math.floor((now_ms + offset_ms % 3600000) / 3600000) end
end
