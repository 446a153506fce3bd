#!lua
-- load_member: lay down what the ledger knows of one member, once an epoch.
--
-- KEYS[1] counters  hash  epoch, state
-- KEYS[2] member    hash  epoch, plays, day, day_plays, at, play, grants; tally:<name>; key:<digest>, kept:<slot>
-- ARGV[1] epoch
-- ARGV[2…] the member's fields and values
-- Returns {"loaded"}, {"kept"} when the member is here already, {"recovering"}, {"not_loaded"} or {"other_epoch", epoch}.

local c = redis.call('HMGET', KEYS[1], 'epoch', 'state')
if not (c[1] and c[2]) then return {'not_loaded'} end
if c[1] ~= ARGV[1] then return {'other_epoch', c[1]} end
if c[2] == 'recovering' then return {'recovering'} end
if redis.call('HGET', KEYS[2], 'epoch') == ARGV[1] then return {'kept'} end
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[2], 'epoch', ARGV[1], unpack(ARGV, 2))
return {'loaded'}
