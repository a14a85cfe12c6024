-- SPDX-License-Identifier: MIT
-- What unit/allocation runs out of memory: every line by itself, in a state that has each module as
-- a global, `root`, a captured machine, and `reader`, which is open on it. Each must succeed when
-- there is memory.

-- pagewarden.proc: the machine
assert(proc.open(root, { page_size = 4096, clock_ticks = 100 })):close()
do local short <close> = assert(proc.open(root)) end
proc.meminfo()
assert(reader:meminfo {})
assert(reader:node_meminfo(0))
reader:node_vmstat(0)
reader:node_numastat(0)
assert(reader:vmstat())
assert(reader:zoneinfo())
assert(reader:buddyinfo())
assert(reader:pagetypeinfo())
assert(reader:slabinfo())
assert(reader:swaps())
assert(reader:diskstats())
assert(reader:pressure "memory")
assert(reader:uptime())
assert(reader:read "proc/swaps")
assert(reader:page_size() + reader:clock_ticks())
assert(reader:root())

-- pagewarden.proc: a process
assert(proc.process(1))
assert(reader:process(200).start_time == 450)
assert(reader:process(200):alive())
assert(reader:process(200):stat())
assert(reader:process(200):statm())
assert(reader:process(200):status())
assert(reader:process(200):rollup())
assert(reader:process(200):smaps())
assert(reader:process(200):smaps { "Rss", "Swap", least = 1 })
assert(reader:process(200):maps())
assert(reader:process(200):io())
assert(reader:process(200):oom())
assert(reader:process(200):cgroup())
assert(reader:process(200):cmdline())
assert(select(2, reader:process(200):exe()))
assert(#proc.process(1):threads() >= 1)
assert(reader:process(200):wchan() == "do_sys_poll")
assert(reader:process(200):stack()[1] == "do_sys_poll")
assert(tostring(reader:process(200)))
assert(reader:process(200) == reader:process(200))
assert(not reader:process(4000000))

-- pagewarden.proc: snapshots
assert(proc.processes { "pid", "comm", "rss", "uid", "cmdline", "swap", by = "rss", top = 3 })
assert(reader:processes { "rss", where = { rss = { min = 1 }, comm = { "sshd", "b" } } })
assert(reader:processes { "pid" }):close()
do local snapshot <close> = assert(reader:processes { "pid" }) end
assert(#reader:processes { "pid", "comm" }:refresh() == 2)
for row in reader:processes { "pid", "comm", "cgroup" }:each() do assert(row.comm and row.cgroup) end
assert(reader:processes { "rss" }:sum "rss" > 0)
assert(#reader:processes { "rss", "comm" }:column "comm" == 2)
assert(reader:processes { "pid", "comm", "cmdline" }:table())
assert(reader:processes { "pid", "ppid" }:tree(1))
assert(reader:processes { "pid", "rss" }:sort("rss", 1))
assert(reader:processes { "pid" }:enrich({ "pss", "uss" }, { budget = 1 }))
assert(reader:processes { "pid", "comm" }:get(200).comm == "sshd")
assert(reader:processes { "pid" }:get(200):process():alive())
assert(reader:processes { "pid" }:get(200):process().pid == 200)
assert(reader:processes { "pid" }:flaws())
assert(reader:processes { "pid", "rss" }:since(reader:processes { "pid", "rss" }):elapsed())
assert(reader:tree(1))

-- pagewarden.proc: watches
assert(proc.watch { "pid", "rss", pids = { 1 } }:refresh())
assert(reader:watch { "pid", "rss", pids = { 1 }, descriptors = 0 }:add(200))
assert(reader:watch { "pid", "rss", pids = { 1, reader:process(200) } }:remove(1))
assert(reader:watch { "pid", "rss", pids = { 1 } }:held() == 1)
assert(reader:watch { "pid" }:add(reader:process(200)))

-- pagewarden.cgroup
do local view <close> = assert(cgroup.open(root)) end
assert(cgroup.open(root)):close()
assert(cgroup.open(root):version() == 2)
assert(cgroup.open(root):own())
assert(cgroup.open(root):own(200))
assert(cgroup.open(root):current "/system.slice")
assert(cgroup.open(root):limits "/system.slice")
assert(cgroup.open(root):effective "/system.slice/ssh.service")
assert(cgroup.open(root):stat "/system.slice")
assert(cgroup.open(root):events "/system.slice")
assert(cgroup.open(root):swap "/system.slice")
assert(cgroup.open(root):numa_stat "/system.slice")
assert(cgroup.open(root):pressure("/system.slice", "memory"))
assert(cgroup.open(root):peak "/system.slice")
assert(cgroup.open(root):state("/system.slice").populated)
assert(cgroup.open(root):procs "/system.slice")
assert(cgroup.open(root):id "/system.slice")
assert(cgroup.open(root):preference "/system.slice" == false)
assert(cgroup.open(root):preference("/system.slice", "/") == false)
assert(not cgroup.open(root):container())

-- pagewarden.mm
do local view <close> = assert(mm.open(root)) end
assert(mm.open(root)):close()
assert(mm.open(root):get "transparent_hugepage/enabled")
assert(mm.open(root):list())
assert(mm.open(root):set("transparent_hugepage/enabled", (mm.open(root):get "transparent_hugepage/enabled")))
assert(mm.open(root):describe "transparent_hugepage/enabled".choices)
assert(mm.open(root):ksm())
assert(mm.open(root):hugepages())
assert(mm.open(root):zram())
assert(mm.open(root):zswap())

-- pagewarden.swap
do local view <close> = assert(swap.open(root)) end
assert(swap.open(root)):close()
assert(swap.open(root):areas())
assert(not swap.open(root):header "/proc/swaps")
assert(#swap.advise { ram = 8 << 30 } == 9)
assert(#swap.open(root):advise() == 9)
assert(swap.open(root):room("/proc", { reserve = 0 }).filesystem)
assert(not swap.open(root):make("/nonexistent/swap", { size = 1 << 20, label = "a", progress = print }))
assert(swap.open(root):resize("/proc", { total = 0 }) == 0)
assert(not swap.open(root):resize("/proc", { total = 1 << 20, reserve = 1 << 60, progress = print }))
assert(not swap.open(root):group({ "/proc/swaps", "/proc/meminfo" }, { priority = 1 }))
assert(swap.fstab("/a b", { priority = 1, discard = "once", required = true }))
assert(not swap.open(root):on("/proc/swaps", { priority = 1, discard = "once" }))
assert(not swap.open(root):off "/proc/swaps")
assert(not swap.open(root):remove("/proc/swaps", { force = true }))

-- pagewarden.sysrq and pagewarden.reclaim, which do nothing under another root
do local view <close> = assert(sysrq.open(root)) end
assert(sysrq.open(root)):close()
assert(sysrq.describe "f")
assert(not sysrq.open(root):mask())
assert(not sysrq.open(root):available())
assert(not sysrq.open(root):trigger("s", { limit = 1 }))
assert(not sysrq.open(root):trigger "f")
do local view <close> = assert(reclaim.open(root)) end
assert(reclaim.open(root)):close()
assert(not reclaim.open(root):sync())
assert(not reclaim.open(root):syncfs "/")
assert(not reclaim.open(root):compact())
assert(not reclaim.open(root):drop_caches(3, { sync = false }))
assert(not reclaim.open(root):pageout(200))
assert(not reclaim.open(root):cold(reader:process(200), { force = true }))
assert(not reclaim.open(root):cgroup("/system.slice", 1 << 20, { swappiness = 1 }))

-- pagewarden.trend
assert(trend.slope({ 0, 1, 2 }, { 1, 3, 5 }))
assert(trend.mann_kendall { 1, 2, 3, 4 })
do local e = trend.envelope { bucket = 1 }; for i = 0, 9 do e:add(i, i) end; e:growth(); e:points() end
assert(trend.envelope { bucket = 1, capacity = 16, window = 60 }:rise() or true)
do local h = trend.history { columns = 1 }; for i = 1, 40 do h:add(i, i, 1, 5) end; h:judge() end
do local h = trend.history(); h:add(1, 1, 1, 5); h:finding(1, 1); h:forget(1, 1); h:expire(9); assert(#h == 0) end
do local h = trend.history(); for i = 1, 9 do h:add(20 * i, 1, 1, i * i) end; h:judge(); h:points(1, 1) end
do local h = trend.history(); for i = 1, 9 do h:add(i, i, 1, 1); h:add(9, i, 1, 9) end; h:load(9, h:save()) end
do local h = trend.history(); h:add(1, 1, 1, 1); h:add(9, 1, 1, 9); trend.history():load(9, h:save()) end
do local h = trend.history(); for i = 1, 9 do h:add(20 * i, 1, 1, i) end; h:judge(); for _ in h:suspects() do end end

-- pagewarden.text and pagewarden.pattern
assert(text.nearest("ree", { "rss", "free" }) == "free")
assert(text.escape "\27[2Jcat\n")
assert(text.width "größer" == 6)
assert(tostring(pattern.compile "^a(b|c)+$"))
assert(pattern.compile "^(postgres|mysqld)$":match "mysqld")
assert(not pattern.compile "(")

-- pagewarden.loop and pagewarden.host
do local l <close> = assert(loop.new { virtual = true, now = 1 }); l:after(1, print); l:close() end
do local l <close> = loop.new { virtual = true }; l:every(1, function() l:stop() end); l:advance(5) end
do local l <close> = assert(loop.new()); l:after(0, function() l:now() end); assert(l:run()) end
do local l <close> = loop.new(); l:on_signal({ "SIGUSR1" }, print):cancel(); l:every(1, print):cancel() end
do local l <close> = loop.new(); local s <close> = l:on_signal({ "SIGUSR2" }, print) end
do local l <close> = loop.new(); local t <close> = l:after(9, print) end
do local l <close> = loop.new(); assert(not l:serve("/nonexistent/control", print)) end
do local s <close> = assert(host.cell { answer = print }); assert(s:memory() > 0); s:close() end
assert(not pcall(host.ask, "outside a policy"))
assert(host.cell { answer = function(...) return ... end }:call("pagewarden.host", "ask", { 1, { a = "b" } }))
do local gate <close> = assert(host.gate(root)); assert(gate:recover() and gate:adopt()); gate:close() end
do local gate <close> = assert(host.gate(root)); gate:offer "a"; gate:settle "a"; gate:stop "a"; gate:events() end
do local gate <close> = assert(host.gate(root)); gate:retract "a" end
do local gate <close> = assert(host.gate(root)); gate:keep "a" end
do local gate <close> = assert(host.gate(root)); assert(not gate:fall_back "a"); gate:forget_fallback "a" end
do local l <close> = loop.new { virtual = true }; assert(host.gate(root, { imagined = true, loop = l })):close() end
host.cell { answer = print }:set_deadline(1)
host.cell { answer = print }:grant(host.gate(root), { name = "a", grants = { "oom" } })
host.window(1)
host.allow_waiting(coroutine.create(print))
assert(host.bind(getmetatable(reader).uptime, reader, {})())

-- pagewarden.loop: events
do local l <close> = loop.new { virtual = true, reader = reader }; l:on_exit(200, print):cancel() end
do local l <close> = loop.new { virtual = true }; l:inject("exit", { pid = 200, start_time = 450 }) end
do local l <close> = assert(loop.new()); assert(l:on_exit(1, print)) end
do local l <close> = loop.new { virtual = true }; assert(not l:on_readable(-1, print)) end
do local l <close> = loop.new { virtual = true }; assert(l:on_pressure({ resource = "io", stall = 1 }, print)) end
do local l <close> = loop.new { virtual = true }; l:inject("pressure", { resource = "io", cgroup = "/a" }) end
do local l <close> = loop.new { reader = reader }; assert(l:on_pressure({ resource = "io", stall = 1 }, print)) end
do local l <close> = loop.new { virtual = true }; assert(l:on_oom(host.window)) end
do local l <close> = loop.new { virtual = true }; l:inject("oom", { pid = 1, comm = "x" }) end
do local l <close> = loop.new { reader = reader }; assert(l:on_change("proc", print)) end
do local l <close> = loop.new { reader = reader }; assert(l:on_memory_events("/system.slice", print)) end

-- pagewarden.sysctl, pagewarden.oom and cgroup.set: each sets what is there already
do local view <close> = assert(sysctl.open(root)) end
assert(sysctl.open(root)):close()
assert(sysctl.open(root):get "vm.swappiness" == 60)
assert(sysctl.open(root):set("vm.swappiness", 60, { lifetime = "keep" }) == 60)
assert(sysctl.open(root):set("vm.lowmem_reserve_ratio", sysctl.open(root):get "vm.lowmem_reserve_ratio"))
assert(#sysctl.open(root):list() == 2)
assert(sysctl.open(root):lint())
assert(sysctl.open(root):set { ["vm.swappiness"] = 60 }["vm.swappiness"] == 60)
assert(sysctl.open(root):restore(assert(sysctl.open(root):save { "vm.swappiness" })))
assert(sysctl.open(root):describe "vm.dirty_bytes".partner == "vm.dirty_ratio")
do local view <close> = assert(oom.open(root)) end
assert(oom.open(root)):close()
assert(oom.open(root):score(200))
assert(oom.open(root):tree { name = "sshd" })
assert(oom.open(root):tree { 200, reader:process(1) })
assert(oom.open(root):tree { name = "sshd", except = { 1, reader:process(200) } })
assert(not oom.open(root):tree { name = "sshd-session" })
assert(oom.open(root):protect({ name = "sshd" }, { adj = -1, children = "reset", lifetime = "keep" }))
assert(not oom.open(root):protect({ name = "sshd-session" }))
assert(oom.open(root):protect({ 200 }, { adj = -1, reset = { 200, 201 }, lifetime = "keep" }))
assert(oom.open(root):unprotect({ name = "sshd" }, { adj = -1 }))
assert(not oom.open(root):unprotect { name = "sshd-session" })
assert(not oom.open(root):tree { port = 22 })
assert(oom.open(root):victims { top = 3, spared = true, cgroup = "/system.slice" })
assert(oom.open(root):set_adj(200, oom.open(root):adj(200), { self = true }))
assert(not cgroup.open(root):kill "/none")
assert(cgroup.open(root):freeze("/system.slice", false) == false)
assert(cgroup.open(root):set("/system.slice", "memory.max", cgroup.open(root):limits("/system.slice").max))

-- pagewarden.kill: this root is not the machine's own, and so nothing is killed
do local view <close> = assert(kill.open(root)) end
assert(kill.open(root)):close()
assert(select(3, kill.open(root):signal(200, "TERM")) == 18)
assert(select(3, kill.open(root):signal(200, "TERM", { whole = "tree", interval = 5 })) == 18)
assert(select(3, kill.open(root):terminate(200, { grace = 1, reap = false })) == 18)
assert(select(3, kill.open(root):terminate(200, { whole = "group" })) == 18)
assert(kill.open(root):terminate("/nothing/there").ended)
assert(select(3, kill.open(root):fallback({ reader:process(200) }, { available = 1 })) == 1)

-- pagewarden.journal
assert(#journal.list(root) == 0)
assert(#journal.undo(root) == 0)
assert(not journal.undo(root, 7))

-- pagewarden.kmsg
assert(kmsg.open(root)):close()
do local view <close> = assert(kmsg.open(reader)); assert(not view:reports()) end
assert(kmsg.reports("a invoked oom-killer: order=0\nCPU: 1 PID: 2 Comm: a 6.1 #1")[1].invoked.kernel == "6.1")
assert(kmsg.reports("a invoked oom-killer: order=0\na cpuset=/ mems_allowed=0")[1].cpuset)
assert(kmsg.reports("Task in /a killed as a result of limit of /a\nmemory: usage 4kB, limit 4kB, failcnt 8")[1].usage)
assert(kmsg.reports("Task in / killed as a result of limit of /\nMemory cgroup stats for /a:\nanon 4")[1].stats)
assert(kmsg.reports("a invoked oom-killer: order=0\nMem-Info:\nfree:1\nNode 0 active_anon:4kB")[1].memory.nodes)
assert(kmsg.reports("a invoked oom-killer: order=0\nMem-Info:\nDMA free:4kB\nlowmem_reserve[]: 0")[1].memory)
assert(kmsg.reports("a invoked oom-killer: order=0\nMem-Info:\nDMA free:4kB\nDMA: 1*4kB")[1].memory.zones[1])
assert(kmsg.reports("a invoked oom-killer: order=0\nMem-Info:\nhugepages_total=1\n7 pages RAM")[1].memory.hugepages)
assert(kmsg.reports("a invoked oom-killer: order=0\nUnreclaimable slab info:\na 1KB 1KB")[1].slabs[1])
assert(kmsg.reports("[ pid ] uid name\n[ 1] 2 a")[1].tasks[1].name == "a")
assert(kmsg.reports("Out of memory: Kill process 1 (a) score 2 or\nKilled process 1 (a) total-vm:4kB")[1].chosen)
assert(#kmsg.reports("Killed process 1 (a) vsz:4kB\nKilled process 2 (b) vsz:4kB", { last = 1 }) == 1)
assert(kmsg.reports("Killed process 1 (a) vsz:4kB\noom_reaper: reaped process 1 (a), now anon-rss:0kB")[1].reaped)
assert(kmsg.reports("Tasks in /a are going to be killed due to memory.oom.group set")[1].group == "/a")
assert(kmsg.reports("oom-kill:constraint=CONSTRAINT_NONE,cpuset=/,mems_allowed=0,global_oom,task=a,pid=1,uid=0"))

-- pagewarden.psi
assert(psi.open(root)):close()
do local view <close> = assert(psi.open(reader)) end
assert(psi.open(reader):read "memory")
assert(not psi.open(reader):trigger { resource = "memory", stall = 0.1, cgroup = "/a" })
do local t <close> = psi.trigger { resource = "memory", stall = 2 }; if t then t:wait(0); t:fd() end end
do local t = psi.trigger { resource = "memory", stall = 2 }; if t then t:close() end end

-- pagewarden.log_sink and pagewarden.state_file
do local l <close> = loop.new(); local s <close> = assert(log_sink.open(l, { format = "text" })); assert(s:write "") end
do local l <close> = loop.new(); local s <close> = log_sink.open(l, { format = "json" }); s:finish(0); s:dropped() end
do local l <close> = loop.new(); assert(not log_sink.open(l, { format = "journal", socket = "/nonexistent/x" })) end
do local f <close> = assert(state_file.new(assert(proc.open "/proc"), "x")); assert(not f:read()); f:set_aside() end
do local f <close> = state_file.new(assert(proc.open "/proc"), "x"); assert(f:write "y"); assert(not f:finish(true)) end

-- pagewarden.loop_watchdog
assert(loop_watchdog.set_oom_score_adj(reader, 0) == nil)
loop_watchdog.lock_memory()
loop_watchdog.raise_priority()
do local l <close>, r = loop.new(), proc.open "/tmp"; local w <close> = assert(loop_watchdog.open(l, r)); w:name "a" end
do local l <close> = loop.new(); local w <close> = loop_watchdog.open(l, reader); w:attend(host.gate(root)) end
do local l = loop.new(); local w <close> = loop_watchdog.open(l, proc.open "/tmp"); w:begin_turn(); w:end_turn() end
os.remove "/tmp/run/pagewarden"; os.remove "/tmp/run"
do local l <close> = loop.new(); assert(not loop_watchdog.open(l, assert(proc.open "/proc"))) end

-- pagewarden.exec
assert(exec.run({ "/bin/true", "a" }, { timeout = 5 }).status == 0)
do local view <close> = exec.open(root); assert(not view:run { "/bin/true" }) end
exec.open(root):close()

-- Last, since nothing acts after it.
host.only_read()
