/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.swap */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "act/file.h"
#include "act/swap_disk.h"
#include "act/swap_path.h"
#include "bind/act.h"
#include "bind/swap.h"


/* [-0, +0, v] The reserve in the options at 3; negative: our own choice. */
static int64_t check_reserve(lua_State *L) {
    static const char *const names[] = {"reserve", NULL};
    int64_t reserve_bytes = -1;
    if (lua_isnoneornil(L, 3)) {
        return reserve_bytes;
    }
    luaL_checktype(L, 3, LUA_TTABLE);
    pw_check_names(L, 3, names, "option");
    if (lua_getfield(L, 3, "reserve") != LUA_TNIL) {
        int is_integer;
        reserve_bytes = lua_tointegerx(L, -1, &is_integer);
        luaL_argcheck(L, is_integer && reserve_bytes >= 0, 2,
                      "reserve: a number of bytes expected");
    }
    lua_pop(L, 1);
    return reserve_bytes;
}


/* In a test's world nobody swaps to the file, so that any file system will do. */
static bool is_imagined(lua_State *L) {
    const struct pw_act_context *context = pw_act_context_of(L);
    return context && context->gate && context->gate->imagined;
}


static void push_room(lua_State *L, const char *path, const struct pw_swap_disk *disk,
                      int64_t free_bytes, int64_t room_bytes) {
    lua_createtable(L, 0, 5);
    pw_set_slice(L, "path", pw_slice_of(path));
    pw_set_slice(L, "filesystem", pw_slice_of(disk->name));
    pw_set_integer(L, "free", free_bytes > 0 ? free_bytes : 0);
    pw_set_integer(L, "room", room_bytes > 0 ? room_bytes : 0);
    if (disk->refusal && !is_imagined(L)) {
        pw_set_slice(L, "refusal", pw_slice_of(disk->refusal));
    }
}


/***
How much room a folder has for swap files.
@function room
@tparam string folder
@tparam[opt] table options `{ reserve = (bytes to be left free on the disk, as for `make`) }`
@treturn[1] table `{ path = (the folder's, through no link: the one that has to be granted),
filesystem = "ext4", free = (bytes that may be written there), room = (of
these, what is left without the reserve), refusal = (why there can be no swap on this file system;
nil when there can) }`
@return[2] nil, "swap FOLDER: reason", errno, kind
@usage print(swap.room("/var").room)
*/
int pw_swap_push_room(lua_State *L) {
    struct pw_reader *reader = pw_check_view(L, 1, PW_SWAP);
    const char *folder = luaL_checkstring(L, 2);
    struct pw_swap_disk disk;
    char path[PATH_MAX];
    pw_check_surplus(L, 3);
    luaL_argcheck(L, folder[0] == '/', 2, "an absolute path expected");
    int64_t reserve_bytes = check_reserve(L);
    int unresolved = pw_swap_resolve_folder(&reader->source, folder, path);
    int fd = unresolved ? unresolved
                        : pw_file_open(&reader->source, reader->source.root_fd, path,
                                       O_RDONLY | O_DIRECTORY);
    int error = fd < 0 ? -fd : -pw_swap_disk_of(fd, &disk);
    int64_t free_bytes = error ? 0 : pw_swap_disk_room(fd, 0);
    int64_t room_bytes = error ? 0 : pw_swap_disk_room(fd, reserve_bytes);
    if (fd >= 0) {
        close(fd);
    }
    if (error) {
        return pw_swap_fail(L, folder,
                            error == ENOENT ? "there is no such folder" : strerror(error), error);
    }
    push_room(L, path, &disk, free_bytes, room_bytes);
    return 1;
}
