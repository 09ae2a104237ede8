// The scripts that run at the server: all that has to happen in one step. They are constant; what changes are keys and
// arguments.

/// A script, known to the server by its digest once it was loaded.
enum RedisScript: String, CaseIterable {
    /// Compare-and-set of a record. KEYS: record, cluster. ARGV: the expected revision (empty: there must be none),
    /// `set` or `delete`, value, lifetime of the record and of the cluster's key in milliseconds, an incarnation if
    /// there is none yet. Answers with the new revision, or with revision and value of what stands there instead.
    case write = """
        local function renew(key, lifetime)
          local longest = tonumber(redis.call('HGET', key, 'l') or 0)
          if longest < tonumber(lifetime) then redis.call('HSET', key, 'l', lifetime) else lifetime = longest end
          redis.call('PEXPIRE', key, lifetime)
        end
        local found = redis.call('HMGET', KEYS[1], 'r', 'v')
        if (found[1] or '') ~= ARGV[1] then return found end
        if ARGV[2] == 'delete' then
          redis.call('DEL', KEYS[1])
          return {ARGV[1]}
        end
        if redis.call('HSETNX', KEYS[2], 'i', ARGV[6]) == 1 then
          local now = redis.call('TIME')
          redis.call('HSET', KEYS[2], 'r', now[1] .. string.format('%06d', now[2]))
        end
        redis.call('HINCRBY', KEYS[2], 'r', 1)
        renew(KEYS[2], ARGV[5])
        local revision = redis.call('HGET', KEYS[2], 'r')
        redis.call('HSET', KEYS[1], 'r', revision, 'v', ARGV[3])
        redis.call('PEXPIRE', KEYS[1], ARGV[4])
        return {revision}
        """

    /// Revision and value of a record, if there is one. KEYS: record. A server that has become a replica refuses to
    /// remove what is not there, and so cannot say that nothing is.
    case read = """
        local found = redis.call('HMGET', KEYS[1], 'r', 'v')
        if not found[1] then redis.call('UNLINK', KEYS[1]) end
        return found
        """

    /// How keys are called while this run of the server lasts, and an incarnation if there is none. All members follow
    /// the first that came. KEYS: the cluster's key by its plain name, and with the run in it. ARGV: the run, `forgets`
    /// if the server may not outlive it with what it keeps, lifetime of the key, the choice of an incarnation. Answers
    /// with `run` or `plain`.
    case meet = """
        local function renew(key, lifetime)
          local longest = tonumber(redis.call('HGET', key, 'l') or 0)
          if longest < tonumber(lifetime) then redis.call('HSET', key, 'l', lifetime) else lifetime = longest end
          redis.call('PEXPIRE', key, lifetime)
        end
        local chosen = KEYS[1]
        if redis.call('EXISTS', KEYS[2]) == 1 then chosen = KEYS[2]
        elseif redis.call('HGET', KEYS[1], 'n') ~= ARGV[1] and ARGV[2] == 'forgets' then chosen = KEYS[2] end
        if redis.call('HSETNX', chosen, 'i', ARGV[4]) == 1 then
          local now = redis.call('TIME')
          redis.call('HSET', chosen, 'r', now[1] .. string.format('%06d', now[2]))
        end
        redis.call('HSET', chosen, 'n', ARGV[1])
        renew(chosen, ARGV[3])
        if chosen == KEYS[2] then return 'run' else return 'plain' end
        """

    /// The cluster's incarnation, chosen now if there is none. KEYS: cluster. ARGV: its lifetime, the choice.
    case incarnation = """
        local function renew(key, lifetime)
          local longest = tonumber(redis.call('HGET', key, 'l') or 0)
          if longest < tonumber(lifetime) then redis.call('HSET', key, 'l', lifetime) else lifetime = longest end
          redis.call('PEXPIRE', key, lifetime)
        end
        if redis.call('EXISTS', KEYS[1]) == 0 then
          local now = redis.call('TIME')
          redis.call('HSET', KEYS[1], 'i', ARGV[2], 'r', now[1] .. string.format('%06d', now[2]))
        end
        renew(KEYS[1], ARGV[1])
        return redis.call('HGET', KEYS[1], 'i')
        """

    /// Appends to a log, all or nothing, and cuts off its old end. KEYS: log. ARGV: the number before the first entry,
    /// lifetime in milliseconds, entries and bytes that are kept, and then number and sealed event of each entry, in
    /// order. Numbers are compared as texts, since they may be beyond what Lua can calculate with. Answers with
    /// nothing, or with the top that it did not go beyond.
    case append = """
        local function below(a, b) if #a ~= #b then return #a < #b end return a < b end
        local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
        local top, total = nil, 0
        if last then
          top = string.match(last[1], '^%d+')
          total = tonumber(last[2][4]) + #last[2][6]
        end
        local previous = ARGV[1]
        for i = 5, #ARGV, 2 do
          if not below(previous, ARGV[i]) then return top or '0' end
          previous = ARGV[i]
        end
        if #ARGV > 4 and top then
          if below(ARGV[1], top) then return top end
          if ARGV[1] ~= top then redis.call('DEL', KEYS[1]); total = 0 end
        end
        previous = ARGV[1]
        for i = 5, #ARGV, 2 do
          local before = string.format('%.0f', total)
          redis.call('XADD', KEYS[1], ARGV[i] .. '-0', 'p', previous, 'b', before, 'e', ARGV[i + 1])
          previous = ARGV[i]
          total = total + #ARGV[i + 1]
        end
        redis.call('PEXPIRE', KEYS[1], ARGV[2])
        redis.call('XTRIM', KEYS[1], 'MAXLEN', ARGV[3])
        local start, count, cut = '-', 1, nil
        while total > tonumber(ARGV[4]) do
          local part = redis.call('XRANGE', KEYS[1], start, '+', 'COUNT', count)
          local isFound = #part == 0
          for _, entry in ipairs(part) do
            cut = entry[1]
            start = string.match(cut, '^%d+') .. '-1'
            isFound = total - tonumber(entry[2][4]) <= tonumber(ARGV[4])
            if isFound then break end
          end
          if isFound then break end
          count = 16
        end
        if cut then redis.call('XTRIM', KEYS[1], 'MINID', cut) end
        return false
        """

    /// A page of a log. KEYS: log. ARGV: the position, entries and bytes after which it ends. Answers with number, the
    /// number before it and sealed event of each entry; with `end` alone behind the last one; with nothing when there
    /// is no such log, and then as `read`.
    case page = """
        local page, bytes, start, limit = {}, 0, ARGV[1] .. '-1', 3 * tonumber(ARGV[2])
        while #page < limit and bytes < tonumber(ARGV[3]) do
          local part = redis.call('XRANGE', KEYS[1], start, '+', 'COUNT', math.min(16, (limit - #page) / 3))
          if #part == 0 then break end
          for _, entry in ipairs(part) do
            local number = string.match(entry[1], '^%d+')
            page[#page + 1] = number
            page[#page + 1] = entry[2][2]
            page[#page + 1] = entry[2][6]
            bytes = bytes + #entry[2][6]
            start = number .. '-1'
            if bytes >= tonumber(ARGV[3]) then break end
          end
        end
        if #page > 0 then return page end
        if redis.call('EXISTS', KEYS[1]) == 1 then return {'end'} end
        redis.call('UNLINK', KEYS[1])
        return page
        """

    /// Removes a log. KEYS: log.
    case remove = "redis.call('UNLINK', KEYS[1]) return false"
}
