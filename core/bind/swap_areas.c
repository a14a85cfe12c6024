/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.swap */
#include <errno.h>

#include "act/swap_path.h"
#include "act/swap_probe.h"
#include "bind/proc.h"
#include "bind/swap.h"


/***
The areas that are on, from /proc/swaps.
@function areas
@treturn[1] {table,...} `{ path = "/swapfile", type = "partition" or "file", size = (bytes), used =
(bytes), priority = (those below 0 were given by the kernel, and change when another area goes),
deleted = (whether the file was removed since) }`; empty without swap
@return[2] nil, message, errno, kind: "unsupported" on a kernel without swap
@usage for _, area in ipairs(swap.areas()) do print(area.path, area.used) end
*/
int pw_swap_push_areas(lua_State *L) {
    struct pw_reader *reader = pw_check_view(L, 1, PW_SWAP);
    struct pw_swap_area area;
    struct pw_flaws flaws = {0};
    pw_check_surplus(L, 1);
    int error = pw_source_read(&reader->source, "proc/swaps", &reader->buffer);
    if (error) {
        return pw_fail_file(L, "proc/swaps", -error);
    }
    struct pw_slice text = pw_buffer_text(&reader->buffer);
    lua_newtable(L);
    while (pw_next_swap_area(&text, &area, &flaws)) {
        pw_append_swap_area(L, &area, "path");
    }
    return 1;
}


static void push_header(lua_State *L, const struct pw_swap_probe *probe) {
    const struct pw_swap_header *header = &probe->header;
    char uuid[PW_UUID_TEXT_BYTES];
    lua_createtable(L, 0, 8);
    pw_set_integer(L, "page_size", header->page_size_bytes);
    if (header->signature == PW_SWAP_NEW) {
        pw_uuid_format(&header->uuid, uuid);
        pw_set_integer(L, "size", ((int64_t)header->last_page + 1) * header->page_size_bytes);
        pw_set_integer(L, "bad_pages", header->bad_pages);
        pw_set_slice(L, "uuid", pw_slice_of(uuid));
        pw_set_slice(L, "label", pw_slice_of(header->label));
        lua_pushboolean(L, header->swapped);
        lua_setfield(L, -2, "swapped");
    }
    lua_pushboolean(L, header->signature == PW_SWAP_HIBERNATED);
    lua_setfield(L, -2, "hibernated");
    if (probe->problem) {
        pw_set_slice(L, "problem", pw_slice_of(probe->problem));
    }
}


/***
What the header of a swap file or disk says, be it on or off, whoever made it.
@function header
@tparam string path
@treturn[1] table `{ page_size = (bytes; an area is of one page size), size = (bytes, its header's
page among them), bad_pages =, uuid = "c1b9d5a2-…", label = "", swapped = (whether it is of a
machine with another byte order), hibernated = (whether it holds the memory of a system that
sleeps), problem = (why this kernel would not swap to it: another page size, holes, …; nil when it
would) }`. Of areas of version 0, and of hibernated ones, only what is known
@return[2] nil, "swap PATH: reason", errno, kind
@usage print(swap.header("/dev/sdb1").uuid)
*/
int pw_swap_push_header(lua_State *L) {
    struct pw_reader *reader = pw_check_view(L, 1, PW_SWAP);
    struct pw_swap_probe probe;
    const char *path = luaL_checkstring(L, 2);
    char resolved[PATH_MAX];
    pw_check_surplus(L, 2);
    luaL_argcheck(L, path[0] == '/', 2, "an absolute path expected");
    int error = pw_swap_resolve(&reader->source, path, resolved, sizeof resolved);
    if (!error) {
        error = pw_swap_probe(&reader->source, resolved, &probe);
    }
    const char *what = lua_pushfstring(L, "swap %s", path);
    if (error == -EINVAL || (!error && probe.header.signature == PW_SWAP_NONE)) {
        return pw_fail_because(L, what, "it is no swap area", EINVAL, PW_BROKEN);
    }
    if (error) {
        return pw_fail(L, what, -error);
    }
    push_header(L, &probe);
    return 1;
}
