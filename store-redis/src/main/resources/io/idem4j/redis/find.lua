--[[
  Reads the live record of one key (KeyStore.find).

  KEYS[1]  the key of the record

  ARGV[1]  tag of this call, up to 20 characters

  Output   nine strings: tag, verdict, now_ms, lease_until_ms, retain_until_ms, head, head_sum,
           slots, slots_sum. Verdicts:
             none    nothing is live
             live    the record is live
             broken  what is stored is no record, and may be live

  Atomic   all fields and the clock are of one instant. Nothing is written.

  Repeats  as often as one likes.
]]

local found = look(KEYS[1])
return answer_as_authority(KEYS[1], ARGV[1], found.verdict, found)
