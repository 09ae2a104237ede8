-- wrk script of the benchmarks: POSTs a tools/call of about 200 bytes with the session ids of a file, in turn, and
-- prints the outcome as JSON. Arguments: the file with a session id a line, and the tool to call.
local ids_per_session = 16  -- more ids than connections, so that no id is in use twice in its session
local requests, turn = {}, 0

function init(arguments)
   local sessions = {}
   for session in io.lines(arguments[1]) do sessions[#sessions + 1] = session end
   for id = 0, #sessions * ids_per_session - 1 do
      local body = string.format(
         '{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"%s","arguments":{"text":"%s"},' ..
         '"_meta":{"progressToken":%d}}}', 100000 + id, arguments[2], string.rep("y", 64), 100000 + id)
      local headers = {
         ["Host"] = wrk.headers["Host"],
         ["Content-Type"] = "application/json",
         ["Accept"] = "application/json, text/event-stream",
         ["MCP-Protocol-Version"] = "2025-11-25",
         ["Mcp-Session-Id"] = sessions[id % #sessions + 1],
      }
      requests[#requests + 1] = wrk.format("POST", "/mcp", headers, body)
   end
end

function request()
   turn = turn % #requests + 1
   return requests[turn]
end

function done(summary, latency, _)
   local errors = summary.errors
   io.write(string.format(
      'outcome {"requests": %d, "duration_us": %d, "errors": %d, "p50_us": %d, "p99_us": %d}\n',
      summary.requests, summary.duration,
      errors.connect + errors.read + errors.write + errors.status + errors.timeout,
      latency:percentile(50), latency:percentile(99)))
end
