-- SPDX-License-Identifier: MIT
--- Programs that others stand on, and those that end programs for memory themselves. Anybody may
--- call a program as he likes: whom a name is believed depends on whose process it is. Pure.
-- @module pagewarden.recipe.early_oom.daemons
local daemons = {}


local function set_of(names)
  local set = {}
  for name in names:gmatch "%S+" do
    set[name] = true
  end
  return set
end


--- The system's own, as comm has them, of 15 bytes.
local OF_THE_SYSTEM = set_of [[
  systemd systemd-journal systemd-udevd systemd-logind systemd-network systemd-resolve udevd eudev
  sshd dbus-daemon dbus-broker dbus-broker-lau dockerd containerd containerd-shim crio conmon podman
  kubelet NetworkManager wpa_supplicant agetty login init runit s6-svscan elogind multipathd iscsid
]]

--- Without which a session is over.
local OF_A_SESSION = set_of [[
  systemd dbus-daemon dbus-broker dbus-broker-lau Xorg Xwayland gnome-shell gnome-session-b mutter
  kwin_wayland kwin_x11 plasmashell ksmserver sway weston Hyprland labwc wayfire cinnamon xfwm4
  xfce4-session marco openbox phosh phoc pipewire wireplumber pulseaudio sddm gdm lightdm
]]

--- Who ends programs for memory.
local RIVALS = set_of "earlyoom nohang oomd systemd-oomd bustd"


--- Started by the system: a user's session is in user.slice, and root may be there too.
local function is_of_the_system(p)
  return p.uid < 1000 and not (p.cgroup or ""):find "^/user%.slice/"
end


--- Whether the process is one that others stand on.
---@param p table with comm, uid and cgroup
---@return boolean
function daemons.is_foundation(p)
  return OF_A_SESSION[p.comm] or OF_THE_SYSTEM[p.comm:match "^containerd%-shim" or p.comm]
    and is_of_the_system(p) or false
end


--- Whether its name alone says so.
---@param p table with comm
---@return boolean
function daemons.may_be_rival(p)
  return RIVALS[p.comm] or false
end


--- Whether the process does what we do. Those of systemd run as users that it makes up.
---@param p table with comm, uid and cgroup
---@return boolean
function daemons.is_rival(p)
  return RIVALS[p.comm] and (p.uid == 0 and is_of_the_system(p)
    or (p.cgroup or ""):find "^/system%.slice/" ~= nil) or false
end


return daemons
