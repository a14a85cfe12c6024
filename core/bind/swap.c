/* SPDX-License-Identifier: MIT */
/***
Swap areas: what is on, making files and zram devices for it, putting them on and taking them off,
and how large swap should be.

Paths are absolute. Every function is also a method of what `open` returns. Under the host, a policy
may change what lies below the paths that it was granted, and what it changed is kept, also over a
boot where a file was made: `pagewarden undo` lists it, and undoes it by its number. A plain Lua
program changes with its own rights, and nothing undoes it. Under another root files are made and
removed; areas are put on and off on this machine only.

@module pagewarden.swap
@pragma nostrip
*/
#include "bind/swap.h"

/***
The functions of this module for another root, or another machine's capture, as methods.
@function open
@tparam[opt] string|reader root a folder, or a reader of `pagewarden.proc`; this machine without it
@treturn[1] swap an object with `close`, which frees what `open` opened
@return[2] nil, message, errno, kind
*/

/***
Frees what `open` opened; the object may be closed again, and closes itself at the end of a
`local view <close>`.
@function swap:close
*/

PW_EXPORT int luaopen_pagewarden_swap(lua_State *L);

int luaopen_pagewarden_swap(lua_State *L) {
    static const luaL_Reg methods[] = {
        {"advise", pw_swap_push_advice},
        {"areas", pw_swap_push_areas},
        {"fstab", pw_swap_fstab},
        {"group", pw_swap_group},
        {"header", pw_swap_push_header},
        {"make", pw_swap_make},
        {"off", pw_swap_off},
        {"on", pw_swap_on},
        {"remove", pw_swap_remove},
        {"resize", pw_swap_resize},
        {"room", pw_swap_push_room},
        {NULL, NULL},
    };
    return pw_push_view_module(L, PW_SWAP, methods);
}
