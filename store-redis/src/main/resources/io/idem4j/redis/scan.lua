--[[
  Looks whether a scan is to read one key (RecordScanner.scan): most records are not, and only a
  verdict leaves the server for those.

  KEYS[1]  the key of the record

  ARGV[1]  the wanted state, as KeyState.code writes it, decimal
  ARGV[2]  1 if the lease must be over, 0 if it need not
  ARGV[3]  tag of this call, up to 20 characters

  Output   nine strings, as of the other scripts; all but tag, verdict and now_ms are empty. Verdicts:
             other   not wanted: not live, in another state, of another format, or still leased
             wanted  wanted, or damaged: a read says what is wrong

  Atomic   all fields and the clock are of one instant. Nothing is written. Slots stay where they are.

  Repeats  as often as one likes. A verdict proves nothing: only a read does, which also asks whether
           this server is an authority.
]]

local stored = redis.call('HMGET', KEYS[1], 'head', 'head_sum', 'lease_until_ms', 'retain_until_ms',
  'ends_sum')
local brief = {
  now = server_now(),
  lease = '', retain = '', head = '', head_sum = '', slots = '', slots_sum = ''
}

local function is_wanted()
  local head, lease_until, retain_until = stored[1] or '', tonumber(stored[3]), tonumber(stored[4])
  if not lease_until or not retain_until
      or redis.sha1hex(stored[3] .. ' ' .. stored[4]) ~= stored[5] then
    return true
  elseif retain_until <= brief.now then
    return false
  elseif #head >= 18 and string.sub(head, 1, 2) ~= FORMAT then
    return false
  elseif redis.sha1hex(head) ~= stored[2] then
    return true
  end
  -- Byte 51 of a head is the state: after format, stamp and key id (RecordCodec).
  return string.byte(head, 51) == tonumber(ARGV[1])
    and (ARGV[2] == '0' or lease_until <= brief.now)
end

return answer(ARGV[3], is_wanted() and 'wanted' or 'other', brief)
