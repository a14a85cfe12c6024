-- SPDX-License-Identifier: MIT
rockspec_format = "3.0"
package = "pagewarden"
version = "scm-1"
source = {
  url = "git+https://localhost/pagewarden.git",
}
description = {
  summary = "A scriptable warden for Linux memory",
  detailed = [[
    Lua modules that read what Linux knows about its memory (meminfo, zones, pressure, processes
    and their maps, cgroups), and a host that runs memory policies written in Lua.]],
  license = "MIT",
}
supported_platforms = { "linux" }
dependencies = {
  "lua >= 5.4, < 5.5",
  "argparse >= 0.7",
  "dkjson >= 2.5",
  "luaposix >= 36",
}
build = {
  type = "cmake",
  variables = {
    BUILD_TESTING = "OFF",
    CMAKE_BUILD_TYPE = "Release",
    CMAKE_C_FLAGS = "$(CFLAGS)",
    CMAKE_INSTALL_PREFIX = "$(PREFIX)",
    PW_CMODDIR = "$(LIBDIR)",
    PW_LUADIR = "$(LUADIR)",
    PW_SCRIPTDIR = "$(LUADIR)/pagewarden/scripts",
  },
}
test = {
  type = "command",
  command = "./bootstrap test",
}
