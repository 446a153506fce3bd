#!lua
-- play: turn one chance of one member into one numbered play, or say why not.
--
-- KEYS[1] counters  hash    epoch, version, state, seq, committed, day; tally:<name> "period next gaps"
-- KEYS[2] member    hash    epoch, plays, day, day_plays, at; tally:<name>; key:<digest> "fingerprint epoch-seq"; kept:<slot> digest
-- KEYS[3] plays     stream  entries `epoch-seq`
-- ARGV[1] epoch          ARGV[2] version         ARGV[3] opens_ms        ARGV[4] closes_ms
-- ARGV[5] zone "from:offset;…" in ms             ARGV[6] plays_max       ARGV[7] day_plays_max
-- ARGV[8] cooldown_ms    ARGV[9] backlog_max     ARGV[10] keys_kept      ARGV[11] takes of the play
-- ARGV[12] candidates "line takes|…", the drawn one first and last one that takes nothing
-- ARGV[13] member        ARGV[14] key digest     ARGV[15] fingerprint    ARGV[16] ordinal expected
-- ARGV[17] word          ARGV[18] play id        ARGV[19] "1" when the ledger does not know the key
-- ARGV[20] entry
--
-- Takes are "<of><period><last>:<name>;…": the next number of a tally, of the campaign (c) or the member (m), that
-- begins anew each hour, day, week, month (h d w m) or never (a). The rules are arguments, guarded by the version; what
-- changes is here. In epoch 1 nobody has played before, so a member who is not here has played nothing; later a missing
-- member must be loaded from the ledger. Returns {word, …}; nothing is written unless the word is "played".

local digest, slot = ARGV[14], 'kept:' .. (ARGV[16] % ARGV[10])
local TAKE = '([cm])(%a)(%d+):([^;]+);'
local of_campaign = {'epoch', 'version', 'state', 'seq', 'committed', 'day'}
local of_member = {'epoch', 'plays', 'day', 'day_plays', 'at', 'key:' .. digest, slot}
for of, _, _, name in string.gmatch(ARGV[11] .. ARGV[12], TAKE) do
  local fields = of == 'c' and of_campaign or of_member
  fields[#fields + 1] = 'tally:' .. name
end
local c = redis.call('HMGET', KEYS[1], unpack(of_campaign))
local m = redis.call('HMGET', KEYS[2], unpack(of_member))
if m[6] and m[1] == ARGV[1] then
  local fingerprint, entry_id = string.match(m[6], '^(%S+) (%S+)$')
  if fingerprint ~= ARGV[15] then return {'other_request'} end
  return {'again', entry_id}
end
if not c[1] then return {'not_loaded'} end
if c[1] ~= ARGV[1] then return {'other_epoch', c[1]} end
if c[3] ~= 'open' then return {c[3] or 'not_loaded'} end
if c[2] ~= ARGV[2] then return {'other_version', c[2] or '0'} end
if not (c[4] and c[5] and c[6]) then return {'not_loaded'} end

local now = redis.call('TIME')
local now_ms = now[1] * 1000 + math.floor(now[2] / 1000)
if now_ms < tonumber(ARGV[3]) then return {'not_open_yet'} end
if now_ms >= tonumber(ARGV[4]) then return {'over'} end
if m[1] ~= ARGV[1] and (m[1] or ARGV[1] ~= '1') then return {'load_member'} end

local offset_ms = 0
for from, offset in string.gmatch(ARGV[5], '(%d+):(-?%d+)') do
  if now_ms >= tonumber(from) then offset_ms = tonumber(offset) end
end
local day = math.max(math.floor((now_ms + offset_ms) / 86400000), tonumber(c[6]))
local plays = tonumber(m[2] or 0)
local day_plays = tonumber(m[3] or 0) == day and tonumber(m[4]) or 0
if plays >= tonumber(ARGV[10]) and ARGV[19] ~= '1' then return {'unknown_key'} end
if plays >= tonumber(ARGV[6]) then return {'no_chance_left'} end
if day_plays >= tonumber(ARGV[7]) then return {'no_chance_today', now_ms} end
if now_ms < tonumber(m[5] or 0) + ARGV[8] then return {'cooling', m[5] + ARGV[8]} end
if plays + 1 ~= tonumber(ARGV[16]) then return {'ordinal', plays + 1} end
if c[4] - c[5] >= tonumber(ARGV[9]) then return {'backlog'} end

-- Months since year 0; after Howard Hinnant's days-to-civil algorithm.
local function month_of(days)
  local z = days + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  return (yoe + era * 400) * 12 + math.floor((5 * doy + 2) / 153) + 2
end

local function period_of(letter)
  if letter == 'a' then return 0 end
  if letter == 'd' then return day end
  if letter == 'w' then return math.floor((day + 3) / 7) end
  if letter == 'm' then return month_of(day) end
  return math.floor((now_ms + offset_ms % 3600000) / 3600000)
end

local held = {}
for place = 7, #of_campaign do held[of_campaign[place]] = c[place] end
for place = 8, #of_member do held[of_member[place]] = m[place] or '0 1 ' end

-- The next number of every tally that `takes` names, from the gaps first; or nil, and the tally that has none left.
local function take(takes, writes)
  local numbers = ''
  for of, letter, last, name in string.gmatch(takes, TAKE) do
    local field = 'tally:' .. name
    local period, number, gaps = string.match(held[field], '^(%d+) (%d+) ?(.*)$')
    local present = period_of(letter)
    if tonumber(period) < present then period, number, gaps = present, 1, '' end
    local gap, others = string.match(gaps, '^(%d+),?(.*)$')
    local next_number = gap and number or number + 1
    if not gap and tonumber(number) > tonumber(last) then return nil, name end
    writes[of][#writes[of] + 1] = field
    writes[of][#writes[of] + 1] = string.format('%d %d %s', period, next_number, others or '')
    numbers = numbers .. string.format('%s=%d:%d;', name, period, gap or number)
  end
  return numbers
end

for _, field in ipairs(of_campaign) do
  if held[field] == false then return {'not_loaded'} end
end
local writes = {c = {}, m = {}}
local numbers, exhausted = take(ARGV[11], writes)
if not numbers then return {'limit', now_ms, exhausted} end
local drawn, awarded
for line, takes in string.gmatch(ARGV[12], '([^ |]+) ([^|]*)|') do
  local given = {c = {}, m = {}}
  local of_line = take(takes, given)
  drawn = drawn or line
  if of_line then
    awarded, numbers = line, numbers .. of_line
    for of, fields in pairs(given) do
      for _, part in ipairs(fields) do writes[of][#writes[of] + 1] = part end
    end
    break
  end
end

-- The stream entry comes first: what fails after it is found again there. It is refused when the counters went back
-- and the stream did not.
local seq = c[4] + 1
local entry_id = string.format('%s-%d', ARGV[1], seq)
local added = redis.pcall('XADD', KEYS[3], entry_id, 'play', table.concat({
  ARGV[18], ARGV[13], digest, ARGV[15], ARGV[16], day, day_plays + 1, drawn, awarded, numbers, ARGV[17], ARGV[2],
  string.format('%d', now_ms), ARGV[20]}, '|'))
if added.err then return string.find(added.err, 'equal or smaller', 1, true) and {'stream_ahead'} or added end
redis.call('HSET', KEYS[1], 'seq', string.format('%d', seq), 'day', day, unpack(writes.c))
if m[7] then redis.call('HDEL', KEYS[2], 'key:' .. m[7]) end
redis.call('HSET', KEYS[2], 'epoch', ARGV[1], 'plays', ARGV[16], 'day', day, 'day_plays', day_plays + 1,
           'at', string.format('%d', now_ms), 'key:' .. digest, ARGV[15] .. ' ' .. entry_id, slot, digest,
           unpack(writes.m))
return {'played', seq, day, day_plays + 1, awarded, numbers, now_ms}
