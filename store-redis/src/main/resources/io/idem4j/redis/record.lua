--[[
  Common to all scripts, and put before each of them: what is stored under a key, and whether it is
  live.

  A record is one hash:
    head             RecordCodec.encodeHead: format in bytes 1 and 2, stamp in bytes 3 to 18
    head_sum         SHA-1 of head, 40 hex digits
    slots            RecordCodec.encodeSlots
    slots_sum        SHA-1 of slots, 40 hex digits
    lease_until_ms   end of the lease, Unix time in milliseconds, decimal
    retain_until_ms  end of the retention, likewise
    ends_sum         SHA-1 of "lease_until_ms retain_until_ms", 40 hex digits

  The sums are looked at where a damaged value would be overwritten or taken for over (S10). Java
  makes those of head and slots, that the server need not; only the server can make that of the ends.

  Instants travel and rest as decimal strings: Redis cuts a Lua number that it returns to an integer,
  and Lua prints a large one in exponent form (stores.md 3.4.10). As doubles they are exact: they stay
  below 2^53. Fences never become numbers here: they are bytes of the head.
]]

-- KeyRecord.MAXIMUM_DURATION in milliseconds, and KeyRecord.FORMAT as it begins a head.
local LONGEST = 3155760000000
local FORMAT = '\0\1'

-- Returns the instant of this call. The one place that asks for it: a script asks once.
local function server_now()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- Returns a table with the verdict: none, live or broken; with the instant it was reached at and
-- with all fields.
local function look(key)
  local now = server_now()
  -- Raises WRONGTYPE if the key is not a hash, before anything is written (stores.md 3.4.9).
  local stored = redis.call('HMGET', key, 'head', 'head_sum', 'slots', 'slots_sum',
    'lease_until_ms', 'retain_until_ms', 'ends_sum')
  local found = {
    now = now,
    head = stored[1] or '', head_sum = stored[2] or '',
    slots = stored[3] or '', slots_sum = stored[4] or '',
    lease = stored[5] or '', retain = stored[6] or '', ends_sum = stored[7] or ''
  }
  local lease_until = tonumber(found.lease)
  local retain_until = tonumber(found.retain)
  if found.head == '' and found.retain == '' and redis.call('EXISTS', key) == 0 then
    found.verdict = 'none'
  elseif not lease_until or not retain_until
      or redis.sha1hex(found.lease .. ' ' .. found.retain) ~= found.ends_sum then
    found.verdict = 'broken'
  elseif retain_until <= now then
    -- S6: over is over, whether or not the server has deleted the key yet.
    found.verdict = 'none'
  else
    found.verdict = 'live'
    found.understood = string.sub(found.head, 1, 2) == FORMAT
      and lease_until - now <= LONGEST and retain_until - now <= LONGEST
  end
  return found
end

-- Returns the reply to a call: always as many strings, because a nil would end it early.
local function answer(tag, verdict, found)
  return { tag, verdict, string.format('%.0f', found.now), found.lease, found.retain,
    found.head, found.head_sum, found.slots, found.slots_sum }
end

-- Returns the reply to a call that has written nothing, or an error if this server is a replica or may
-- not be asked. A replica is no authority (S1), and one that was the primary a moment ago still has
-- clients. Every write is refused there, also this one, which changes nothing anywhere, so that no log
-- and no replica sees it. A primary that refuses writes for reasons of its own is still the authority.
-- Not to be called before a write: Redis below 7 lets a script that has begun to write go on although
-- memory is full.
local function answer_as_authority(key, tag, verdict, found)
  local reply = redis.pcall('HDEL', key, '-')
  local err = type(reply) == 'table' and reply.err
  if not err or string.find(err, 'MISCONF', 1, true) or string.find(err, 'NOREPLICAS', 1, true) then
    return answer(tag, verdict, found)
  elseif string.find(err, 'READONLY', 1, true) then
    return redis.error_reply('READONLY a replica is no authority')
  end
  return redis.error_reply('NOPERM this user may not HDEL')
end
