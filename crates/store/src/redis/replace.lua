-- KEYS: the newest version, the set of keys, and for each change the key of its value.
-- ARGV: for each change its key, the version that it replaces or '', the new value, and its lifetime in milliseconds or ''.
-- The time in microseconds, and for each change the version that it made, or the value that is there instead.
local clock = redis.call('TIME')
local at = clock[1] * 1000000 + clock[2]
local before = tonumber(redis.call('GET', KEYS[1]) or '0')
local newest = before
local became = {}
for number = 1, #KEYS - 2 do
    local place, first = KEYS[number + 2], number * 4 - 3
    local key, replaces, value, lifetime = ARGV[first], ARGV[first + 1], ARGV[first + 2], ARGV[first + 3]
    local current = redis.call('GET', place)
    if (current and string.match(current, '^(%d+):') or '') ~= replaces then
        became[number] = { false, current }
    else
        -- By the clock, so that no version comes again after everything was lost.
        newest = math.max(newest + 1, at)
        local kept = string.format('%.0f:', newest) .. value
        if lifetime == '0' then
            redis.call('DEL', place)
            redis.call('ZREM', KEYS[2], key)
        elseif lifetime == '' then
            redis.call('SET', place, kept)
            redis.call('ZADD', KEYS[2], 0, key)
        else
            redis.call('SET', place, kept, 'PX', lifetime)
            redis.call('ZADD', KEYS[2], 0, key)
        end
        became[number] = { newest, false }
    end
end
if newest > before then
    redis.call('SET', KEYS[1], string.format('%.0f', newest))
end
return { at, became }
