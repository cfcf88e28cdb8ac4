--[[
  Replaces the record of one key if the live one bears the expected stamp (KeyStore.compareAndSet).

  KEYS[1]  the key of the record

  ARGV[1]  expected stamp, 16 bytes; 16 zero bytes expect that no record is live
  ARGV[2]  next head, bytes; its bytes 3 to 18 are the next stamp
  ARGV[3]  SHA-1 of the next head, 40 hex digits
  ARGV[4]  next slots, bytes; empty leaves the stored ones as they are
  ARGV[5]  SHA-1 of the next slots, 40 hex digits; empty with ARGV[4]
  ARGV[6]  lease, milliseconds from now
  ARGV[7]  retention, milliseconds from now
  ARGV[8]  grace: how long the key outlives the retention, milliseconds
  ARGV[9]  tag of this call, up to 20 characters

  Output   nine strings: tag, verdict, now_ms, then lease_until_ms, retain_until_ms, head, head_sum,
           slots, slots_sum as they were found. Verdicts:
             applied    the next record is stored
             unbounded  it is stored, but the server refused to let the key expire
             none       nothing is live, though a live record was expected; nothing written
             live       a live record bears another stamp; nothing written
             match      a live record bears the expected stamp and cannot be understood; nothing written
             broken     what is stored is no record, and may be live; nothing written

  Atomic   all of it: no other command runs meanwhile. But a script that fails keeps what it wrote,
           so everything is examined first, one HSET writes all fields, and nothing after it can
           fail. Hence an error that the server answers to this script says that nothing was written.

  Repeats  once applied, the same call finds its own stamp and is answered live, until the retention
           is over. It sets the expiry again, to the same instant: that moves the connection's
           replication offset past the first write, so that a WAIT that follows waits for it.
]]

local found = look(KEYS[1])
if found.verdict == 'broken' then
  return answer_as_authority(KEYS[1], ARGV[9], 'broken', found)
end

local nothing = ARGV[1] == string.rep('\0', 16)
local grace = tonumber(ARGV[8])
if found.verdict == 'none' then
  if not nothing then
    return answer_as_authority(KEYS[1], ARGV[9], 'none', found)
  end
else
  local stamp = string.sub(found.head, 3, 18)
  if nothing or stamp ~= ARGV[1] then
    if stamp == string.sub(ARGV[2], 3, 18) then
      redis.pcall('PEXPIREAT', KEYS[1], string.format('%.0f', tonumber(found.retain) + grace))
    end
    return answer_as_authority(KEYS[1], ARGV[9], 'live', found)
  end
  if not found.understood or redis.sha1hex(found.head) ~= found.head_sum
      or redis.sha1hex(found.slots) ~= found.slots_sum then
    return answer_as_authority(KEYS[1], ARGV[9], 'match', found)
  end
end

local retention = tonumber(ARGV[7])
local lease_until = string.format('%.0f', found.now + tonumber(ARGV[6]))
local retain_until = string.format('%.0f', found.now + retention)
local fields = { 'head', ARGV[2], 'head_sum', ARGV[3],
  'lease_until_ms', lease_until, 'retain_until_ms', retain_until,
  'ends_sum', redis.sha1hex(lease_until .. ' ' .. retain_until),
  'slots', ARGV[4], 'slots_sum', ARGV[5] }
redis.call('HSET', KEYS[1], unpack(fields, 1, ARGV[4] == '' and 10 or 14))

-- What was written with no retention is absent at once, and need not be kept.
local key_until = found.now + retention + (retention > 0 and grace or 0)
local expiry = redis.pcall('PEXPIREAT', KEYS[1], string.format('%.0f', key_until))
return answer(ARGV[9], expiry == 1 and 'applied' or 'unbounded', found)
