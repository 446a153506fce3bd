#!lua
-- load: lay down a lane's counters for an epoch, as the ledger has them, on top of whatever is there.
--
-- KEYS[1] counters  hash
-- KEYS[2] plays     stream  drained by now
-- ARGV[1] epoch
-- ARGV[2…] the counters' fields and values
-- Returns {"loaded"}; {"kept"} when this epoch is open or paused already; {"other_epoch", epoch} when a later one rules.

local c = redis.call('HMGET', KEYS[1], 'epoch', 'state')
if c[1] and tonumber(c[1]) > tonumber(ARGV[1]) then return {'other_epoch', c[1]} end
if c[1] == ARGV[1] and c[2] ~= 'recovering' and c[2] ~= 'loaded' then return {'kept'} end
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'state', 'loaded', unpack(ARGV, 2))
return {'loaded'}
