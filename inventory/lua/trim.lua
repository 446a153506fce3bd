#!lua
-- trim: note how far the ledger has come, and forget the entries it has.
--
-- KEYS[1] counters  hash    epoch, committed
-- KEYS[2] plays     stream
-- ARGV[1] epoch  ARGV[2] committed
-- Returns {"trimmed", entries}, {"not_loaded"} or {"other_epoch", epoch}.

local c = redis.call('HMGET', KEYS[1], 'epoch', 'committed')
if not (c[1] and c[2]) then return {'not_loaded'} end
if c[1] ~= ARGV[1] then return {'other_epoch', c[1]} end
if tonumber(ARGV[2]) <= tonumber(c[2]) then return {'trimmed', 0} end
local entries = redis.call('XTRIM', KEYS[2], 'MINID', string.format('%s-%d', ARGV[1], ARGV[2] + 1))
redis.call('HSET', KEYS[1], 'committed', ARGV[2])
return {'trimmed', entries}
