-- SPDX-License-Identifier: MIT
--- Has the kernel's OOM killer kill one process now, and sees to it that it was the one it showed.
--
-- The guide says of `echo f > /proc/sysrq-trigger` that "it will not kill processes if there is
-- enough memory space". It will: whoever has the highest score, however much memory is free. (Only
-- what the kernel frees by itself at the last moment keeps it, before Linux 4; and before 4.3 it
-- panics the machine where vm.panic_on_oom is not 0, which is refused.)

local format = require "pagewarden.format"
local opt = require "pagewarden.option"

local size = format.size


--- Whom the kernel would kill, worst first; fails when that cannot be known.
local function rank(pw, o)
  local victims, message = pw.oom.victims { top = o.show }
  if not victims then
    error(message, 0)
  elseif not victims[1] then
    error("there is no process that the kernel may kill", 0)
  end
  return victims
end


local function name_of(p)
  return ("%s (pid %d)"):format(p.comm or "?", p.pid or 0)
end


local function say_candidates(pw, victims)
  for place, p in ipairs(victims) do
    pw.log("candidate", {
      place = place, pid = p.pid, comm = p.comm, start_time = p.start_time, rss = p.rss,
      swap = p.swap, oom_score = p.oom_score, oom_score_adj = p.oom_score_adj, instead = p.instead,
      message = ("%d. %s: %s in memory, %s swapped, oom_score %d, oom_score_adj %d%s"):format(
        place, name_of(p), size(p.rss or 0), size(p.swap or 0), p.oom_score or 0,
        p.oom_score_adj or 0,
        p.instead and ("; its child %d dies for it"):format(p.instead) or ""),
    })
  end
end


--- Who dies: before Linux 5.1 it may be a child of the one that was chosen.
local function dying_of(pw, victim)
  if not victim.instead then
    return victim
  end
  local child = pw.proc.process(victim.instead)
  local stat = child and child:stat()
  return { pid = victim.instead, comm = stat and stat.comm or "?" }
end


--- Why this one is not to die.
local function spare(o, dying)
  if #o.only > 0 and not o.only:any(dying.comm) then
    return ("the kernel would kill %s, which is none of those that only names"):format(
      name_of(dying))
  elseif o.avoid:any(dying.comm) then
    return ("the kernel would kill %s, which avoid spares"):format(name_of(dying))
  end
end


--- Shows who it will be, and looks again when there was time to stop it.
local function choose(pw, o)
  local victims = rank(pw, o)
  say_candidates(pw, victims)
  local victim = victims[1]
  local dying = dying_of(pw, victim)
  local reason = spare(o, dying)
  if reason then
    error(reason, 0)
  end
  pw.log("about", {
    pid = dying.pid, comm = dying.comm, seconds = o.delay,
    message = ("%s will be killed in %s, however much memory is free; stop this to prevent it")
      :format(name_of(dying), format.duration(o.delay)),
  })
  pw:sleep(o.delay)
  local now = rank(pw, o)[1]
  if now.pid ~= victim.pid or now.start_time ~= victim.start_time
    or now.instead ~= victim.instead then
    error(("meanwhile the kernel would kill %s instead of %s: nobody was killed"):format(
      name_of(dying_of(pw, now)), name_of(dying)), 0)
  end
  return dying
end


--- Waits until the process has ended, which takes longer while it waits for a disk. Its state, or
--- nil when it is gone.
local function await_end(pw, process, limit)
  local deadline = pw:now() + limit
  while true do
    local stat = process and process:stat()
    if not stat or stat.state == "Z" or pw:now() >= deadline then
      return stat and stat.state ~= "Z" and stat.state or nil
    end
    pw:sleep(0.1)
  end
end


local function kills_of(pw)
  local vmstat = pw.proc.vmstat()
  return vmstat and vmstat.oom_kill
end


local function available(pw)
  local memory = pw.proc.meminfo()
  return memory and (memory.MemAvailable or memory.MemFree) or 0
end


--- What the kernel's log and its counter say of it.
local function say_outcome(pw, dying, done, before)
  local killed = done.killed
  local is_expected = killed and (killed.pid == dying.pid or killed.instead == dying.pid)
  killed = is_expected and dying or killed
  local state = await_end(pw, before.process, 2)
  local kills, freed = kills_of(pw), available(pw) - before.available
  local who = not killed and ("somebody; the kernel log, which says whom, cannot be read; %s %s")
    :format(name_of(dying), state and "is still there" or "is gone")
    or name_of(killed) .. (is_expected and ", as expected" or ", and not " .. name_of(dying))
  pw.log("killed", {
    pid = killed and killed.pid, comm = killed and killed.comm, expected = dying.pid,
    state = state, kills_before = before.kills, kills = kills, seconds = done.seconds,
    freed = freed,
    message = ("the kernel killed %s%s; %s; %s %s memory is available"):format(who,
      killed and state and (", which has not ended yet (state %s)"):format(state) or "",
      kills and before.kills and ("oom_kill in vmstat went from %d to %d"):format(before.kills,
        kills) or "this kernel does not count kills", size(math.abs(freed)),
      freed < 0 and "less" or "more"),
  })
end


local function run(pw, o)
  local dying = choose(pw, o)
  local before = { kills = kills_of(pw), available = available(pw),
    process = pw.proc.process(dying.pid) }
  local done, message = pw.sysrq.trigger("f", { limit = o.limit })
  if not done then
    error((message:gsub("; see force.*", "")), 0)
  end
  say_outcome(pw, dying, done, before)
end


return {
  api     = 1,
  name    = "oom-kill-now",
  summary = "Have the kernel's OOM killer kill one process now, and say whom it killed",
  tags    = { "oom", "kill", "one-shot" },
  description = "Shows whom the kernel would kill, waits a moment for you to stop it, has it do so "
    .. "by SysRq f, and says from the kernel log and vmstat whom it killed. The guide says that "
    .. "nothing is killed while there is enough memory: that is wrong, always one process dies. "
    .. "With only or avoid it is not asked for unless the victim is as you say; between that look "
    .. "and the kernel's own there is a moment in which it may change its mind. It refuses in a "
    .. "container, where it would be a process of the machine, and where the kernel would panic.",
  examples = {
    "pagewarden run oom-kill-now --dry-run",
    "pagewarden run oom-kill-now --yes",
    "pagewarden run oom-kill-now --yes -o only=^java$ -o delay=0s",
  },
  options = {
    opt.list { "only", of = opt.pattern, default = {},
      help = "not unless the name of the victim matches one of these" },
    opt.list { "avoid", of = opt.pattern, default = {},
      help = "not when the name of the victim matches one of these" },
    opt.duration { "delay", default = "3s", max = "10m",
      help = "the time between showing the victim and killing it" },
    opt.integer { "show", default = 3, min = 1, max = 100,
      help = "so many of those that are next are shown" },
    opt.duration { "limit", default = "30s", min = "1s", max = "10m",
      help = "how long to wait for the kernel to say whom it killed" },
  },
  needs = { sysrq = { "f" }, oom = "read", process = "read", kmsg = true },
  start = function(pw, o) pw:task(function() run(pw, o) end) end,
}
