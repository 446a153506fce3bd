#!lua
-- play: turn one chance of one member into one numbered play, or say why not.
--
-- KEYS[1] counters  hash    epoch, version, state, seq, committed, day; tally:<name> "period next gaps"
-- KEYS[2] member    hash    epoch, plays, day, day_plays, at, play, grants; tally:<name>; key:<digest> "fingerprint epoch-seq"; kept:<slot> digest
-- KEYS[3] plays     stream  entries `epoch-seq`
-- ARGV[1] epoch          ARGV[2] version         ARGV[3] opens_ms        ARGV[4] closes_ms
-- ARGV[5] zone "from:offset;…" in ms             ARGV[6] plays_max       ARGV[7] day_plays_max
-- ARGV[8] cooldown_ms    ARGV[9] backlog_max     ARGV[10] keys_kept      ARGV[11] takes of the play
-- ARGV[12] groups "drawn>line takes|…/…" of candidates in the order they would be given; "all_gone" when none is to be had
-- ARGV[13] member        ARGV[14] key digest     ARGV[15] fingerprint    ARGV[16] ordinal expected
-- ARGV[17] word          ARGV[18] play id        ARGV[19] "1" when the ledger does not know the key
-- ARGV[20] "", or cards, the next of which picks the group (see parts/cards.lua)
-- ARGV[21] entry         ARGV[22] "", or "grants known>sources" of a chance (see parts/sources.lua)
-- ARGV[23] plays asked for from this one on, for all or none  ARGV[24] "", or the play to follow  ARGV[25] "", or its review
--
-- A take is the next number of a tally (see parts/tallies.lua). The rules are arguments, guarded by the version; what changes is
-- here. A member who is not here has played nothing in epoch 1; later they must be loaded from the ledger.
-- Returns {word, …}; nothing is written unless the word is "played".

--@ calendar
--@ tallies
--@ cards
--@ sources
local digest, slot = ARGV[14], 'kept:' .. (ARGV[16] % ARGV[10])
local of_campaign = {'epoch', 'version', 'state', 'seq', 'committed', 'day'}
local of_member = {'epoch', 'plays', 'day', 'day_plays', 'at', 'play', 'grants', 'key:' .. digest, slot}
add_fields(ARGV[20] .. ARGV[22] .. ARGV[11] .. ARGV[12], of_campaign, of_member)
local c = redis.call('HMGET', KEYS[1], unpack(of_campaign))
local m = redis.call('HMGET', KEYS[2], unpack(of_member))
if m[8] and m[1] == ARGV[1] then
  local fingerprint, entry_id = string.match(m[8], '^(%S+) (%S+)$')
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

local offset_ms = offset_at(ARGV[5], now_ms)
local day = math.max(math.floor((now_ms + offset_ms) / 86400000), tonumber(c[6]))
local plays = tonumber(m[2] or 0)
local day_plays = tonumber(m[3] or 0) == day and tonumber(m[4]) or 0
if plays >= tonumber(ARGV[10]) and ARGV[19] ~= '1' then return {'unknown_key'} end
if plays + ARGV[23] > tonumber(ARGV[6]) then return {'no_chance_left'} end
if day_plays + ARGV[23] > tonumber(ARGV[7]) then return {'no_chance_today', now_ms} end
if now_ms < tonumber(m[5] or 0) + ARGV[8] then return {'cooling', m[5] + ARGV[8]} end
if plays + 1 ~= tonumber(ARGV[16]) or ARGV[24] ~= '' and ARGV[24] ~= m[6] then return {'ordinal', plays + 1} end
if c[4] - c[5] >= tonumber(ARGV[9]) then return {'backlog'} end

local held = {}
for place = 7, #of_campaign do
  if not c[place] then return {'not_loaded'} end
  held[of_campaign[place]] = c[place]
end
for place = 10, #of_member do held[of_member[place]] = m[place] or '0 1 ' end
local place, card, span, may_pass = 1, '', 0, false
if ARGV[20] ~= '' then place, card, span, may_pass = pick(ARGV[20], held, now_ms) end
if not place then return {'card', card, span} end
local function period_of(letter) return letter == 's' and span or period_at(letter, day, now_ms, offset_ms) end
local paid, left = '', ''
if ARGV[22] ~= '' then
  if string.match(ARGV[22], '^%d+') ~= (m[7] or '0') then return {'grants', m[7] or '0'} end
  paid, left = pay(ARGV[22], held, period_of, now_ms)
  if not paid or left + 1 < tonumber(ARGV[23]) then return {'spent', now_ms} end
end
local short = ARGV[23] ~= '1' and lacks(ARGV[11], held, period_of, tonumber(ARGV[23]))
if short then return {'limit', now_ms, short} end
local numbers, drawn, awarded, writes = play_out(card .. paid .. ARGV[11], ARGV[12], place, held, period_of)
if numbers and not awarded and may_pass then  -- the card stays where it is, for the next play
  numbers, drawn, awarded, writes = play_out(paid .. ARGV[11], ARGV[12], 1, held, period_of)
end
if not (numbers and awarded) then return numbers and {'all_gone'} or {'limit', now_ms, drawn} end

-- The stream entry comes first: what fails after it is found again there. It is refused when the counters went back
-- and the stream did not.
local seq = c[4] + 1
local entry_id = string.format('%s-%d', ARGV[1], seq)
local added = redis.pcall('XADD', KEYS[3], entry_id, 'play', table.concat({
  ARGV[18], m[6] or '', ARGV[13], digest, ARGV[15], ARGV[16], day, day_plays + 1, drawn, awarded, numbers, left,
  ARGV[17], ARGV[2], string.format('%d', now_ms), ARGV[25], ARGV[21]}, '|'))
if added.err then return string.find(added.err, 'equal or smaller', 1, true) and {'stream_ahead'} or added end
redis.call('HSET', KEYS[1], 'seq', string.format('%d', seq), 'day', day, unpack(writes.c))
if m[9] then redis.call('HDEL', KEYS[2], 'key:' .. m[9]) end
redis.call('HSET', KEYS[2], 'epoch', ARGV[1], 'plays', ARGV[16], 'day', day, 'day_plays', day_plays + 1,
           'at', string.format('%d', now_ms), 'play', ARGV[18], 'key:' .. digest, ARGV[15] .. ' ' .. entry_id, slot, digest,
           unpack(writes.m))
return {'played', seq, m[6] or '', day, day_plays + 1, drawn, awarded, numbers, left, now_ms}
