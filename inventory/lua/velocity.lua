#!lua
-- velocity: count an ask in sliding windows, unless one of them says stop.
--
-- KEYS, three a window: counted  sorted set  id → ms when it came
--                       passes   string      how many more asks pass, whatever is counted
--                       told     string      the decision the member was told
-- ARGV, five a window:  span_ms, most, ids "id,…" to count, "1" when an id that comes again counts from now, "1" when it stops
--
-- A window is over when it holds `most` besides what asks. No more is kept of it than that takes. Nothing is counted
-- when a window stops the ask; one pass is used then by each that would, if all of them have one.
-- Returns {"counted", levels} or {"stopped", levels}; a level is "1" when the window is over, the ms when it is no more, and the
-- decision told or "".

local now = redis.call('TIME')
local now_ms = now[1] * 1000 + math.floor(now[2] / 1000)
local replies, over, stopped = {}, {}, false
for window = 0, #KEYS / 3 - 1 do
  local counted, passes, told = KEYS[window * 3 + 1], KEYS[window * 3 + 2], KEYS[window * 3 + 3]
  local span_ms, most, ids = tonumber(ARGV[window * 5 + 1]), tonumber(ARGV[window * 5 + 2]), ARGV[window * 5 + 3]
  redis.call('ZREMRANGEBYSCORE', counted, '-inf', now_ms - span_ms)
  local others = redis.call('ZCARD', counted)
  for id in string.gmatch(ids, '[^,]+') do
    if redis.call('ZSCORE', counted, id) then others = others - 1 end
  end
  if others >= most then
    local frees = redis.call('ZRANGE', counted, others - most, others - most, 'WITHSCORES')
    over[window] = true
    replies[window + 1] = {'1', string.format('%d', frees[2] + span_ms), redis.call('GET', told) or ''}
    if ARGV[window * 5 + 5] == '1' and tonumber(redis.call('GET', passes) or 0) < 1 then stopped = true end
  else
    replies[window + 1] = {'', string.format('%d', now_ms), ''}
  end
end
if stopped then return {'stopped', replies} end
for window = 0, #KEYS / 3 - 1 do
  local counted, span_ms = KEYS[window * 3 + 1], ARGV[window * 5 + 1]
  local kept = ARGV[window * 5 + 2]
  for id in string.gmatch(ARGV[window * 5 + 3], '[^,]+') do
    if ARGV[window * 5 + 4] == '1' then redis.call('ZADD', counted, string.format('%d', now_ms), id)
    else redis.call('ZADD', counted, 'NX', string.format('%d', now_ms), id) end
    kept = kept + 1
  end
  redis.call('ZREMRANGEBYRANK', counted, 0, -kept - 1)
  redis.call('PEXPIRE', counted, span_ms)
  if over[window] and ARGV[window * 5 + 5] == '1' then
    redis.call('DECR', KEYS[window * 3 + 2])
    replies[window + 1][1] = ''
  end
end
return {'counted', replies}
