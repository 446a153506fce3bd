#!lua
-- note_grants: tell the counters how many grants a member has had; the number never goes back within an epoch.
--
-- KEYS[1] counters  hash  epoch, state
-- KEYS[2] member    hash  epoch, grants
-- ARGV[1] epoch  ARGV[2] grants
-- Returns {"noted"}, {"kept"} when they know of as many, {"load_member"} when the ledger must lay the member down first,
-- {"not_loaded"} or {"other_epoch", epoch}.

local c = redis.call('HMGET', KEYS[1], 'epoch', 'state')
if not (c[1] and c[2]) then return {'not_loaded'} end
if c[1] ~= ARGV[1] then return {'other_epoch', c[1]} end
local m = redis.call('HMGET', KEYS[2], 'epoch', 'grants')
if m[1] ~= ARGV[1] and (m[1] or ARGV[1] ~= '1') then return {'load_member'} end
if tonumber(m[2] or 0) >= tonumber(ARGV[2]) then return {'kept'} end
redis.call('HSET', KEYS[2], 'epoch', ARGV[1], 'grants', ARGV[2])
return {'noted'}
