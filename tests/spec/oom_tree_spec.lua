-- SPDX-License-Identifier: MIT
local oom = require "pagewarden.oom"
local proc = require "pagewarden.proc"
local tree = require "tree"

local SSH = "/system.slice/ssh.service"

local function add(files, pid, ppid, comm, options)
  options = options or {}
  local folder = ("proc/%d/"):format(pid)
  local stat = "%d (%s) %s %d 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 %d 0 %d %d 25\n"
  files[folder .. "stat"] = stat:format(pid, comm, options.state or "S", ppid,
    options.threads or 1, options.start_time or 100, options.vsize or 4096)
  files[folder .. "status"] = "Uid:\t0\t0\t0\t0\nVmSwap:\t8 kB\n"
  files[folder .. "cgroup"] = ("0::%s\n"):format(options.cgroup or "/")
  files[folder .. "oom_score_adj"] = "0\n"
end

--- A machine with a daemon that has a session, in which a shell runs something.
local function with_sshd(files)
  files = files or {}
  add(files, 1, 0, "systemd", { cgroup = "/init.scope" })
  add(files, 2, 0, "kthreadd", { vsize = 0 })
  add(files, 812, 1, "sshd", { cgroup = SSH })
  add(files, 900, 812, "sshd", { cgroup = "/user.slice/user-0.slice/session-1.scope" })
  add(files, 901, 900, "bash", { cgroup = "/user.slice/user-0.slice/session-1.scope" })
  add(files, 813, 1, "cron", { cgroup = "/system.slice/cron.service" })
  return files
end

local function pids(processes, message)
  assert(processes, message)
  local list, mains = {}, {}
  for i, process in ipairs(processes) do
    list[i] = process.pid
    mains[#mains + 1] = process.main and process.pid
  end
  return list, mains
end

local function link(root, path, target)
  assert(os.execute(("mkdir -p %s/%s && rmdir %s/%s && ln -s '%s' %s/%s"):format(root, path, root,
    path, target, root, path)))
end


describe("oom.tree", function()
  after_each(tree.remove_all)

  it("finds a daemon by its name, and what it started", function()
    local view = assert(oom.open(tree.new(with_sshd())))
    local all, mains = pids(view:tree { name = "sshd" })
    assert.same({ 812, 900, 901 }, all)
    assert.same({ 812 }, mains)
    assert.same({ pid = 812, ppid = 1, start_time = 100, comm = "sshd", rss = 25 * 4096,
      swap = 8192, oom_score_adj = 0, main = true }, view:tree({ name = "sshd" })[1])
  end)

  it("finds it by its unit, and its sessions though they are in another", function()
    local view = assert(oom.open(tree.new(with_sshd())))
    assert.same({ 812, 900, 901 }, (pids(view:tree { unit = "ssh" })))
    assert.same({ 812, 900, 901 }, (pids(view:tree { unit = "ssh.service" })))
    assert.same({ 813 }, (pids(view:tree { unit = "cron" })))
  end)

  it("finds it in systemd's own hierarchy, where version 1 has no memory group for it", function()
    local files = with_sshd()
    files["proc/812/cgroup"] = "4:memory:/\n1:name=systemd:" .. SSH .. "\n0::/\n"
    assert.same({ 812, 900, 901 }, (pids(oom.open(tree.new(files)):tree { unit = "ssh" })))
  end)

  it("does not take a user's unit for the system's", function()
    local files = with_sshd()
    add(files, 950, 1, "fake",
      { cgroup = "/user.slice/user-7.slice/user@7.service/app.slice/ssh.service" })
    assert.same({ 812, 900, 901 }, (pids(oom.open(tree.new(files)):tree { unit = "ssh" })))
  end)

  it("finds it by its cgroup, and those below", function()
    local files = with_sshd()
    local view = oom.open(tree.new(files))
    assert.same({ 812, 813, 900, 901 }, (pids(view:tree { cgroup = "/system.slice" })))
    assert.same({ 900, 901 }, (pids(view:tree { cgroup = "/user.slice/user-0.slice/" })))
  end)

  it("finds it by its pid file", function()
    local files = with_sshd { ["run/sshd.pid"] = "812\n" }
    assert.same({ 812, 900, 901 }, (pids(oom.open(tree.new(files)):tree
      { pid_file = "/run/sshd.pid" })))
  end)

  it("finds it by the port it listens on", function()
    local files = with_sshd {
      ["proc/net/tcp"] = "  sl  local_address rem_address   st …\n"
        .. "   0: 00000000:0016 00000000:0000 0A 0:0 00:0 0 0 0 904 1\n",
      ["proc/net/tcp6"] = "   0: 00000000000000000000000000000000:0016 00000000:0000 0A 0:0 00:0 "
        .. "0 0 0 905 1\n",
    }
    local root = tree.new(files)
    link(root, "proc/812/fd/3", "socket:[904]")
    link(root, "proc/900/fd/4", "socket:[905]")
    link(root, "proc/1/fd/9", "socket:[904]") -- systemd keeps what it started a daemon for
    link(root, "proc/813/fd/3", "socket:[9]")
    local all, mains = pids(oom.open(root):tree { port = 22 })
    assert.same({ 812, 900, 901 }, all)
    assert.same({ 812 }, mains)
  end)

  it("takes a list of processes and pids", function()
    local root = tree.new(with_sshd())
    local reader <close> = assert(proc.open(root))
    local view = oom.open(root)
    local process = assert(reader:process(812))
    assert.same({ 812, 813, 900, 901 }, (pids(view:tree { process, 813 })))
    tree.write(root, "proc/812/stat",
      "812 (other) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 999 9 9\n")
    assert.same({ 813 }, (pids(view:tree { process, 813 })))
    local nobody, message, _, kind = view:tree { process }
    assert.is_nil(nobody)
    assert.equal("processes: they have ended", message)
    assert.equal("gone", kind)
  end)

  it("leaves out some of what a daemon started, with all below, but no main process", function()
    local files = with_sshd()
    add(files, 902, 812, "sftp")
    add(files, 903, 901, "sshd")
    local view = oom.open(tree.new(files))
    local all, mains = pids(view:tree { name = "sshd", except = { 900, 4711 } })
    assert.same({ 812, 902 }, all)
    assert.same({ 812 }, mains)
    assert.same({ 812, 900, 901, 902, 903 }, (pids(view:tree { name = "sshd", except = { 812 } })))
    all, mains = pids(view:tree { 812, 901, except = { 900, 812 } })
    assert.same({ 812, 901, 902, 903 }, all)
    assert.same({ 812, 901 }, mains)
    assert.same({ 812, 813, 902 }, (pids(view:tree { cgroup = "/system.slice", except = { 900 } })))
  end)

  it("cuts a name as the kernel does", function()
    local files = with_sshd()
    add(files, 814, 1, "systemd-journal")
    assert.same({ 814 }, (pids(oom.open(tree.new(files)):tree { name = "systemd-journald" })))
  end)

  it("leaves out who has ended, but not a leader whose threads live", function()
    local files = with_sshd()
    add(files, 902, 812, "sshd", { state = "Z", vsize = 0 })
    add(files, 903, 812, "sshd", { state = "Z", vsize = 0, threads = 2 })
    assert.same({ 812, 900, 901, 903 }, (pids(oom.open(tree.new(files)):tree { name = "sshd" })))
  end)

  it("never takes init or a kernel thread", function()
    local view = oom.open(tree.new(with_sshd()))
    assert.equal("gone", select(4, view:tree { name = "systemd" }))
    assert.equal("gone", select(4, view:tree { name = "kthreadd" }))
  end)

  it("survives a /proc whose parents go in circles", function()
    local files = {}
    add(files, 10, 11, "a")
    add(files, 11, 10, "b")
    add(files, 12, 12, "c")
    local view = oom.open(tree.new(files))
    assert.same({ 12 }, (pids(view:tree { name = "c", all = true })))
    assert.same({ 10, 11 }, (pids(view:tree { 10 })))
    assert.same({ 10 }, (pids(view:tree { 10, except = { 11 } })))
  end)

  describe("says that", function()
    local function fails(view, description, message, kind)
      local found, told, _, told_kind = view:tree(description)
      assert.is_nil(found)
      assert.equal(message, told)
      assert.equal(kind, told_kind)
    end

    it("nobody is meant", function()
      local view = oom.open(tree.new(with_sshd { ["proc/net/tcp"] = "" }))
      fails(view, { name = "nginx" }, "name nginx: no process has this name", "gone")
      fails(view, { unit = "nginx" }, "unit nginx: no process is in this unit", "gone")
      fails(view, { cgroup = "/web" }, "cgroup /web: no process is in this cgroup", "gone")
      fails(view, { port = 5432 }, "port 5432: nobody here listens on it", "gone")
    end)

    it("several are", function()
      local files = with_sshd()
      add(files, 990, 1, "sshd")
      local view = oom.open(tree.new(files))
      fails(view, { name = "sshd" }, "name sshd: 812, 990 are trees of their own; say all = true "
        .. "for all of them, or which by its unit, pid_file or port", "broken")
      assert.same({ 812, 990, 900, 901 }, (pids(view:tree { name = "sshd", all = true })))
    end)

    it("a pid file is no good", function()
      local view = oom.open(tree.new(with_sshd {
        ["run/a.pid"] = "hello\n", ["run/b.pid"] = "77\n",
      }))
      fails(view, { pid_file = "/run/a.pid" }, "pid file /run/a.pid: its first line is no pid",
        "broken")
      fails(view, { pid_file = "/run/b.pid" }, "pid file /run/b.pid: process 77 has ended", "gone")
      fails(view, { pid_file = "/run/c.pid" }, "pid file /run/c.pid: No such file or directory",
        "gone")
    end)

    it("a unit's processes are of another pid namespace", function()
      local view = oom.open(tree.new(with_sshd {
        ["sys/fs/cgroup/cgroup.controllers"] = "memory\n",
        ["sys/fs/cgroup/system.slice/web.service/cgroup.procs"] = "0\n0\n",
      }))
      local message = ": its processes are in another pid namespace"
      fails(view, { unit = "web" }, "unit web" .. message, "gone")
      fails(view, { cgroup = "/system.slice/web.service" },
        "cgroup /system.slice/web.service" .. message, "gone")
    end)
  end)

  it("names the argument that is wrong", function()
    local view = oom.open(tree.new(with_sshd()))
    local function raises(description, message)
      assert.error_matches(function() view:tree(description) end, message)
    end
    raises({}, "one of name, unit, cgroup, pid_file and port expected")
    raises({ name = "a", port = 1 }, "one of name")
    raises({ 812, name = "a" }, "one of name")
    raises({ nam = "a" }, "unknown field 'nam' %(did you mean 'name'%?%)")
    raises({ name = "" }, "name: a name expected")
    raises({ port = "22" }, "port: 1 to 65535 expected")
    raises({ port = 0 }, "port: 1 to 65535 expected")
    raises({ pid_file = "run/x" }, "pid_file: a path from the root expected")
    raises({ "sshd" }, "a list of processes expected")
    raises({ name = "a", except = 812 }, "except: a list of processes expected")
    raises({ name = "a", except = { "b" } }, "a list of processes expected")
  end)
end)
