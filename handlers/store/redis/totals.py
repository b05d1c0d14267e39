"""What the events of each session add up to, in Redis.

The events of a session lie in several buckets, and so do its totals: each bucket has a hash of its own for them, the
key `<index>:totals`, which the script that writes an event brings up to date in the same step. A session is read from
as many hashes as there are buckets, however many events it has.

A hash has, by id in sixteen bytes, `p` for the share of an event and `t` for the totals of a session; and `f`, in the
bucket of the session itself, for when the first of its events began, as far as that was told. Beside the members for
its properties, the index has one for each event that has ended, by session and end, and one for each session whose
first event in this bucket is to be told to the bucket of the session.
"""

from collections.abc import Sequence
from struct import Struct
from typing import Final, NamedTuple

from hivestand.handlers.event.aggregation import Change, Share, Totals
from hivestand.handlers.event.index import EARLIEST, NO_NUMBERS
from hivestand.handlers.store.redis.members import DIGEST
from hivestand.handlers.store.redis.transport.client import script

ENDS: Final = b"\0\2"  # how the members begin that sort events by their end: then the session, the end, and the event
EARLY: Final = b"\0\1"  # likewise the sessions whose first event is to be told
EARLY_AT_ONCE: Final = 100
_NO_END: Final = b"0" + b"\0" * 8
_OF_NOBODY: Final = b"\0" * 49  # in place of a session, the flag and the amounts, which a change does not have
_SESSION: Final = b"s"  # the share of a session, which has none
_ORDER: Final = 3 * DIGEST  # where the start time stands in the common part of an event's members
_TOTALS: Final = "<I4I4I4ddddc8Bc8"  # as Lua's struct has it
_amounts = Struct("<dddd")
_NO_AMOUNTS: Final = bytes(_amounts.size)
_counts = Struct("<III")

# A share is the flags for feedback and an end, the end, the session's id, and the flag for a model; of a model then
# its four amounts, and its numbers as text, each with a `;` behind it. Totals are three counts, four sums, the first
# start and the last end. Times are eight bytes that sort as they do; the locale decides how Lua compares strings, so
# times are compared as two numbers.
ACCOUNT: Final = f"""
local function less(one, other)
  local a, c = struct.unpack('>I4I4', one)
  local b, d = struct.unpack('>I4I4', other)
  return a < b or a == b and c < d
end
local function end_of(share) return string.sub(share, 2, 2) == '1' and string.sub(share, 3, 10) end
local function totals_of(sid)
  local text = redis.call('HGET', totals, 't' .. sid)
  if not text then return {{0, 0, 0, 0, 0, 0, 0, nil, 0, string.rep('\\0', 8)}} end
  return {{struct.unpack('{_TOTALS}', text)}}
end
local function add(sums, share, sign)
  if string.sub(share, 1, 1) == '1' then sums[3] = sums[3] + sign end
  if string.sub(share, 27, 27) ~= '1' then return end
  local cost, prompt, completion, total = struct.unpack('<dddd', share, 28)
  sums[2], sums[4], sums[5] = sums[2] + sign, sums[4] + sign * cost, sums[5] + sign * prompt
  sums[6], sums[7] = sums[6] + sign * completion, sums[7] + sign * total
end
local function keep_totals(sid, sums, ...)
  redis.call('HSET', totals, 't' .. sid, struct.pack('{_TOTALS}', unpack(sums, 1, 10)), ...)
end
local function enter_share(id, place, share, ending)
  local sid, start = string.sub(share, 11, 26), string.sub(place, {_ORDER + 1}, {_ORDER + 8})
  local sums = totals_of(sid)
  if sums[1] == 0 or less(start, sums[8]) then
    sums[8] = start
    redis.call('ZADD', KEYS[1], 0, '\\0\\1' .. sid)
  end
  if ending and (sums[9] == 0 or less(sums[10], ending)) then sums[9], sums[10] = 1, ending end
  sums[1] = sums[1] + 1
  add(sums, share, 1)
  keep_totals(sid, sums, 'p' .. id, share)
end
"""

# The same for an event that is new and never expires, without a function: before its members are entered into the
# index, and after it is stored.
PREPARE: Final = f"""
    local ended
    if share == 's' then
      redis.call('HSETNX', totals, '', '')
      local first = redis.call('HGET', totals, 'f' .. id)
      if first then
        local a, c = struct.unpack('>I4I4', first)
        local b, d = struct.unpack('>I4I4', string.sub(place, {_ORDER + 1}, {_ORDER + 8}))
        if a < b or a == b and c < d then
          place = string.sub(place, 1, {_ORDER}) .. first .. string.sub(place, {_ORDER + 9})
        end
      end
    elseif string.sub(share, 2, 2) == '1' then
      ended = '\\0\\2' .. string.sub(share, 11, 26) .. string.sub(share, 3, 10) .. id
    end
"""
COUNT: Final = f"""
    if share ~= 's' then
      local sid, start = string.sub(share, 11, 26), string.sub(place, {_ORDER + 1}, {_ORDER + 8})
      local text = redis.call('HGET', totals, 't' .. sid)
      local events, models, feedback, cost, prompt, completion, total = 0, 0, 0, 0, 0, 0, 0
      local first, has_end, last, is_first = start, 0, string.rep('\\0', 8), not text
      if text then
        events, models, feedback, cost, prompt, completion, total, first, has_end, last =
          struct.unpack('{_TOTALS}', text)
        if start ~= first then
          local a, c = struct.unpack('>I4I4', start)
          local b, d = struct.unpack('>I4I4', first)
          is_first = a < b or a == b and c < d
        end
      end
      if is_first then
        first = start
        redis.call('ZADD', KEYS[1], 0, '\\0\\1' .. sid)
      end
      if ended then
        local ending = string.sub(share, 3, 10)
        if has_end == 0 then
          has_end, last = 1, ending
        elseif ending ~= last then
          local a, c = struct.unpack('>I4I4', last)
          local b, d = struct.unpack('>I4I4', ending)
          if a < b or a == b and c < d then last = ending end
        end
      end
      if string.sub(share, 1, 1) == '1' then feedback = feedback + 1 end
      if string.sub(share, 27, 27) == '1' then
        local amount, sent, received, both = struct.unpack('<dddd', share, 28)
        models, cost, prompt = models + 1, cost + amount, prompt + sent
        completion, total = completion + received, total + both
      end
      redis.call('HSET', totals, 't' .. sid, struct.pack('{_TOTALS}', events + 1, models, feedback, cost, prompt,
        completion, total, first, has_end, last), 'p' .. id, share)
    end
"""

# What is done when a share changes, or goes away because its event has expired or was evicted; made only then. When
# the first event of a session began is looked up where the session's digest is known: the first but the session itself.
CHANGES: Final = f"""
local function changes()
  local function numbers(share)
    local texts = {{}}
    for text in string.gmatch(string.sub(share, 60), '([^;]*);') do texts[#texts + 1] = text end
    return texts
  end
  local function packed_amounts(texts)
    local number = {{}}
    for at, text in ipairs(texts) do number[at] = tonumber(text) end
    local prompt, completion = number[2] or number[3] or 0, number[4] or number[5] or 0
    return struct.pack('<dddd', number[1] or 0, prompt, completion, number[6] or prompt + completion)
  end
  local function overlaid(before, change, is_update)
    local flag, has_end, ending = string.sub(before, 1, 1), string.sub(before, 2, 2), string.sub(before, 3, 10)
    if is_update and string.sub(change, 1, 1) == '1' then flag = '1' end
    if is_update and string.sub(change, 2, 2) == '1' then has_end, ending = '1', string.sub(change, 3, 10) end
    local about = flag .. has_end .. ending .. string.sub(before, 11, 27)
    if string.sub(before, 27, 27) ~= '1' then return about end
    local old, new = numbers(before), numbers(change)
    for at = 1, 6 do if (new[at] or '') ~= '' then old[at] = new[at] end end
    return about .. packed_amounts(old) .. table.concat(old, ';') .. ';'
  end
  local function take_end(sums, sid, id, before, after)
    if before == after then return end
    local beginning = '\\0\\2' .. sid
    if before then redis.call('ZREM', KEYS[1], beginning .. before .. id) end
    if after then redis.call('ZADD', KEYS[1], 0, beginning .. after .. id) end
    local low, high = '[' .. beginning, '(' .. beginning .. string.rep('\\255', 25)
    local last = redis.call('ZREVRANGEBYLEX', KEYS[1], high, low, 'LIMIT', 0, 1)[1]
    sums[9], sums[10] = last and 1 or 0, last and string.sub(last, 19, 26) or string.rep('\\0', 8)
  end
  local function change(id, change, is_update)
    local before = redis.call('HGET', totals, 'p' .. id)
    if not before then return end
    local after = overlaid(before, change, is_update)
    if after == before then return end
    local sid = string.sub(before, 11, 26)
    local sums = totals_of(sid)
    add(sums, before, -1)
    add(sums, after, 1)
    take_end(sums, sid, id, end_of(before), end_of(after))
    keep_totals(sid, sums, 'p' .. id, after)
  end
  local function take_away(id, start, digest)
    local share = redis.call('HGET', totals, 'p' .. id)
    if not share then return end
    local sid = string.sub(share, 11, 26)
    local sums = totals_of(sid)
    redis.call('HDEL', totals, 'p' .. id)
    sums[1] = sums[1] - 1
    add(sums, share, -1)
    take_end(sums, sid, id, end_of(share), false)
    if sums[1] == 0 then
      redis.call('HDEL', totals, 't' .. sid)
      redis.call('ZREM', KEYS[1], '\\0\\1' .. sid)
      return
    end
    if digest and sums[8] == start then
      local low, high = '[' .. digest, '(' .. digest .. string.rep('\\255', 33)
      for _, member in ipairs(redis.call('ZRANGEBYLEX', KEYS[1], low, high, 'LIMIT', 0, 3)) do
        local other = string.sub(member, {DIGEST + 17})
        if other ~= id and other ~= sid then
          sums[8] = string.sub(member, {DIGEST + 1}, {DIGEST + 8})
          break
        end
      end
    end
    keep_totals(sid, sums)
  end
  return change, take_away
end
local function change_share(...)
  local change = changes()
  change(...)
end
local function retract(...)
  local _, take_away = changes()
  take_away(...)
end
"""

# KEYS: the totals of some buckets. ARGV: the fields of sessions.
READ_TOTALS: Final = script("""
local found = {}
for number = 1, #KEYS do found[number] = redis.call('HMGET', KEYS[number], unpack(ARGV)) end
return found
""")

# The end of a script that replies how many events have expired, and then, in turn, sessions whose first event is to be
# told, and when that began.
READ_EARLY: Final = f"""

local low, high = '[\\0\\1', '(\\0\\1' .. string.rep('\\255', 17)
local early = redis.call('ZRANGEBYLEX', KEYS[1], low, high, 'LIMIT', 0, {EARLY_AT_ONCE})
local told = {{gone}}
for _, member in ipairs(early) do
  local sid = string.sub(member, 3)
  local text = redis.call('HGET', KEYS[2], 't' .. sid)
  told[#told + 1], told[#told + 2] = sid, text and string.sub(text, 45, 52) or ''
end
return told
"""

# KEYS: an index, its totals, its expiries where events expire, and sessions. ARGV: how many other keys there are, and
# for each session its id and when the first of its events began.
PLACE_EARLY: Final = script(f"""
local others = tonumber(ARGV[1])
local function less(one, other)
  local a, c = struct.unpack('>I4I4', one)
  local b, d = struct.unpack('>I4I4', other)
  return a < b or a == b and c < d
end
for number = others + 1, #KEYS do
  local at = 2 * (number - others)
  local sid, first = ARGV[at], ARGV[at + 1]
  local known = redis.call('HGET', KEYS[2], 'f' .. sid)
  if not known or less(first, known) then redis.call('HSET', KEYS[2], 'f' .. sid, first) end
  local place = redis.call('HGET', KEYS[number], 'i')
  if place and less(first, string.sub(place, {_ORDER + 1}, {_ORDER + 8})) then
    local moved = string.sub(place, 1, {_ORDER}) .. first .. string.sub(place, {_ORDER + 9})
    for start = 1, {2 * DIGEST + 1}, {DIGEST} do
      local digest = string.sub(place, start, start + {DIGEST - 1})
      redis.call('ZREM', KEYS[1], digest .. string.sub(place, {_ORDER + 1}) .. sid)
      redis.call('ZADD', KEYS[1], 0, digest .. string.sub(moved, {_ORDER + 1}) .. sid)
    end
    redis.call('HSET', KEYS[number], 'i', moved)
    if others == 3 then
      local score = redis.call('ZSCORE', KEYS[3], place .. sid)
      if score then
        redis.call('ZREM', KEYS[3], place .. sid)
        redis.call('ZADD', KEYS[3], score, moved .. sid)
      end
    end
  end
end
return 1
""")

# KEYS: an index, its totals. ARGV: in turn, sessions, and what was told of them; they are done if that is still so.
FORGET_EARLY: Final = script("""
for at = 1, #ARGV, 2 do
  local text = redis.call('HGET', KEYS[2], 't' .. ARGV[at])
  if not text or string.sub(text, 45, 52) == ARGV[at + 1] then redis.call('ZREM', KEYS[1], '\\0\\1' .. ARGV[at]) end
end
return 1
""")


def share_argument(session_id: str, share: Share | None) -> bytes:
    """The share of an event that is created as the script takes it; None is that of a session."""
    if share is None:
        return _SESSION
    session = bytes.fromhex(session_id.replace("-", ""))
    flag = b"1" if share.has_feedback else b"0"
    if not share.is_model:
        return flag + _ending(share.end_time) + session + b"0"
    amounts = _NO_AMOUNTS if share.numbers is NO_NUMBERS else _amounts.pack(*share.amounts)
    return b"%b%b%b1%b%b" % (flag, _ending(share.end_time), session, amounts, _texts(share.numbers))


def change_argument(change: Change | None) -> bytes:
    """What an update changes of a share; empty for nothing."""
    if change is None:
        return b""
    return (b"1" if change.has_feedback else b"0") + _ending(change.end_time) + _OF_NOBODY + _texts(change.numbers)


def _ending(end_time: int | None) -> bytes:
    return _NO_END if end_time is None else b"1" + (end_time - EARLIEST).to_bytes(8, "big")


def _texts(numbers: Sequence[bytes]) -> bytes:
    return b";".join(numbers) + b";"


class _Part(NamedTuple):
    """The totals of a session in one bucket, as they are read; times are bytes that sort as they do."""

    counts: tuple[int, ...]
    amounts: tuple[float, ...]
    first: bytes
    last: bytes | None


def totals_in(texts: Sequence[bytes | None]) -> Totals | None:
    """The totals of a session from those of all buckets; None where no bucket has any."""
    parts = [_part(text) for text in texts if text]
    if not parts:
        return None
    events, models, feedback = (sum(column) for column in zip(*(part.counts for part in parts), strict=True))
    cost, sent, received, both = (sum(column) for column in zip(*(part.amounts for part in parts), strict=True))
    ends = [part.last for part in parts if part.last is not None]
    end = _time(max(ends)) if ends else None
    first = _time(min(part.first for part in parts))
    return Totals(events, models, feedback, cost, sent, received, both, first, end)


def _part(text: bytes) -> _Part:
    amounts = _amounts.unpack_from(text, 12)
    return _Part(_counts.unpack_from(text), amounts, text[44:52], text[53:61] if text[52] else None)


def _time(sorted_bytes: bytes) -> int:
    return int.from_bytes(sorted_bytes, "big") + EARLIEST
