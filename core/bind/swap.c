/* SPDX-License-Identifier: MIT */
/***
Swap areas: what is on, and how large swap should be.

Paths are absolute. Every function is also a method of what `open` returns.

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
        {"header", pw_swap_push_header},
        {NULL, NULL},
    };
    return pw_push_view_module(L, PW_SWAP, methods);
}
