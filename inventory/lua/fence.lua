#!lua
-- fence: stop a lane for an epoch, so that nothing is taken under an older one any more.
--
-- KEYS[1] counters  hash  epoch, state
-- ARGV[1] epoch
-- Returns {"fenced"}, or {"other_epoch", epoch} when a later epoch already rules.

local epoch = redis.call('HGET', KEYS[1], 'epoch')
if epoch and tonumber(epoch) > tonumber(ARGV[1]) then return {'other_epoch', epoch} end
if epoch == ARGV[1] then return {'fenced'} end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'state', 'recovering')
return {'fenced'}
