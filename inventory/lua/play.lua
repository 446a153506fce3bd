#!lua
-- play: turn one chance of one member into one numbered play, or say why not.
--
-- KEYS[1] counters  hash    epoch, version, state, seq, committed, day; units:<line> "next gaps", days:<line> "day next gaps"
-- KEYS[2] member    hash    epoch, plays, day, day_plays; key:<digest> "fingerprint epoch-seq"; kept:<slot> digest
-- KEYS[3] plays     stream  entries `epoch-seq`
-- ARGV[1] epoch          ARGV[2] version         ARGV[3] opens_ms        ARGV[4] closes_ms
-- ARGV[5] zone "from:offset;…" in ms             ARGV[6] plays_max       ARGV[7] day_plays_max
-- ARGV[8] backlog_max    ARGV[9] keys_kept       ARGV[10] fallback
-- ARGV[11] drawn         ARGV[12] last_unit ("" is unlimited)            ARGV[13] day_cap ("" is none)
-- ARGV[14] member        ARGV[15] key digest     ARGV[16] fingerprint    ARGV[17] ordinal expected
-- ARGV[18] word          ARGV[19] play id        ARGV[20] "1" when the ledger does not know the key
-- ARGV[21] entry
--
-- The rules are arguments, guarded by the version; what changes is here. In epoch 1 nobody has played before, so a
-- member who is not here has played nothing; later a missing member must be loaded from the ledger.
-- Returns {word, …}; nothing is written unless the word is "played".

local line, digest, slot = ARGV[11], ARGV[15], 'kept:' .. (ARGV[17] % ARGV[9])
local c = redis.call('HMGET', KEYS[1], 'epoch', 'version', 'state', 'seq', 'committed', 'day',
                     'units:' .. line, 'days:' .. line)
local m = redis.call('HMGET', KEYS[2], 'epoch', 'plays', 'day', 'day_plays', 'key:' .. digest, slot)
if m[5] and m[1] == ARGV[1] then
  local fingerprint, entry_id = string.match(m[5], '^(%S+) (%S+)$')
  if fingerprint ~= ARGV[16] then return {'other_request'} end
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
if plays >= tonumber(ARGV[9]) and ARGV[20] ~= '1' then return {'unknown_key'} end
if plays >= tonumber(ARGV[6]) then return {'no_chance_left'} end
if day_plays >= tonumber(ARGV[7]) then return {'no_chance_today', now_ms} end
if plays + 1 ~= tonumber(ARGV[17]) then return {'ordinal', plays + 1} end
if c[4] - c[5] >= tonumber(ARGV[8]) then return {'backlog'} end

-- A number is taken from the gaps first, then from the next ones; nil when none is left.
local function take(next_number, gaps, last)
  local gap, others = string.match(gaps, '^(%d+),?(.*)$')
  if gap then return tonumber(gap), next_number, others end
  if next_number <= last then return next_number, next_number + 1, gaps end
end

local writes, unit, line_day_number, awarded = {}, '', '', line
if ARGV[12] ~= '' then
  if not c[7] then return {'not_loaded'} end
  local next_unit, gaps = string.match(c[7], '^(%d+) ?(.*)$')
  unit, next_unit, gaps = take(tonumber(next_unit), gaps, tonumber(ARGV[12]))
  if unit then writes = {'units:' .. line, string.format('%d %s', next_unit, gaps)} end
end
if unit and ARGV[13] ~= '' then
  if not c[8] then return {'not_loaded'} end
  local of_day, next_number, gaps = string.match(c[8], '^(%d+) (%d+) ?(.*)$')
  if tonumber(of_day) < day then next_number, gaps = 1, '' end
  line_day_number, next_number, gaps = take(tonumber(next_number), gaps, tonumber(ARGV[13]))
  if line_day_number then
    writes[#writes + 1] = 'days:' .. line
    writes[#writes + 1] = string.format('%d %d %s', day, next_number, gaps)
  end
end
if not unit or not line_day_number then
  writes, unit, line_day_number, awarded = {}, '', '', ARGV[10]
end

-- The stream entry comes first: what fails after it is found again there. It is refused when the counters went back
-- and the stream did not.
local seq = c[4] + 1
local entry_id = string.format('%s-%d', ARGV[1], seq)
local added = redis.pcall('XADD', KEYS[3], entry_id, 'play', table.concat({
  ARGV[19], ARGV[14], digest, ARGV[16], ARGV[17], day, day_plays + 1, line, awarded, unit, line_day_number,
  ARGV[18], ARGV[2], string.format('%d', now_ms), ARGV[21]}, '|'))
if added.err then return string.find(added.err, 'equal or smaller', 1, true) and {'stream_ahead'} or added end
redis.call('HSET', KEYS[1], 'seq', string.format('%d', seq), 'day', day, unpack(writes))
if m[6] then redis.call('HDEL', KEYS[2], 'key:' .. m[6]) end
redis.call('HSET', KEYS[2], 'epoch', ARGV[1], 'plays', ARGV[17], 'day', day, 'day_plays', day_plays + 1,
           'key:' .. digest, ARGV[16] .. ' ' .. entry_id, slot, digest)
return {'played', seq, day, day_plays + 1, awarded, unit, line_day_number, now_ms}
