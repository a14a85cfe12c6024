/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.swap */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "act/swap_area.h"
#include "act/swap_path.h"
#include "bind/proc.h"
#include "bind/swap.h"


/* [-0, +0, m] Has the last area of the list on top of the stack named as it is in the folder, if
 * its file is there. `text` is that of /proc/swaps. */
static void name_within(lua_State *L, const struct pw_source *source, struct pw_slice text,
                        const struct pw_swap_area *area, struct pw_slice folder) {
    char name[PATH_MAX], path[PATH_MAX], resolved[PATH_MAX];
    struct pw_swap_area found;
    struct pw_slice full = {name, pw_swap_filename(area, name, sizeof name)};
    const char *slash = memrchr(full.data, '/', full.size);
    if (!slash || !pw_slice_is(area->type, "file")) {
        return;
    }
    int size = snprintf(path, sizeof path, "%.*s%.*s", (int)folder.size, folder.data,
                        (int)(full.data + full.size - slash), slash);
    if (size < (int)sizeof path && pw_swap_resolve(source, path, resolved, sizeof resolved) == 0 &&
        pw_swap_area_find(source, text, resolved, &found) &&
        found.filename.data == area->filename.data) {
        lua_geti(L, -1, luaL_len(L, -1));
        pw_set_slice(L, "path", pw_slice_of(path));
        lua_pop(L, 1);
    }
}


/* [-0, +0, v] The folder at 2, without slashes at its end; none when it is not there. */
static struct pw_slice check_folder(lua_State *L) {
    struct pw_slice folder = {0};
    folder.data = luaL_optlstring(L, 2, NULL, &folder.size);
    luaL_argcheck(L, !folder.data || folder.data[0] == '/', 2, "an absolute path expected");
    while (folder.size > 0 && folder.data[folder.size - 1] == '/') {
        folder.size--;
    }
    return folder;
}


/***
The areas that are on, from /proc/swaps. A file may have another path there than it is known by: one
behind a link, or what is left of it when it was put on behind a mount that is gone, as those of a
service that has ended. Files of a folder that is given have their path there.
@function areas
@tparam[opt] string folder
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
    pw_check_surplus(L, 2);
    struct pw_slice folder = check_folder(L);
    int error = pw_source_read(&reader->source, "proc/swaps", &reader->buffer);
    if (error) {
        return pw_fail_file(L, "proc/swaps", -error);
    }
    struct pw_slice text = pw_buffer_text(&reader->buffer), rest = text;
    lua_newtable(L);
    while (pw_next_swap_area(&rest, &area, &flaws)) {
        pw_append_swap_area(L, &area, "path");
        if (folder.data) {
            name_within(L, &reader->source, text, &area, folder);
        }
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
