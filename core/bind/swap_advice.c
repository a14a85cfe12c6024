/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.swap */
#include "act/swap_advice.h"
#include "bind/swap.h"
#include "read/keyed.h"


/* [-0, +0, v] A size in bytes in the table at `index`, or what it is without it. */
static int64_t check_size(lua_State *L, int index, const char *name, int64_t otherwise) {
    lua_getfield(L, index, name);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        return otherwise;
    }
    int is_integer;
    lua_Integer size = lua_tointegerx(L, -1, &is_integer);
    if (!is_integer || size < 0 || size > PW_SWAP_MOST_RAM_BYTES) {
        luaL_argerror(L, index, lua_pushfstring(L, "%s: a number of bytes expected", name));
    }
    lua_pop(L, 1);
    return size;
}


/* What the machine itself has. */
static int read_machine(struct pw_reader *reader, struct pw_swap_machine *machine) {
    struct pw_field field;
    struct pw_flaws flaws = {0};
    int64_t available_bytes = 0, free_swap_bytes = 0;
    int error = pw_source_read(&reader->source, "proc/meminfo", &reader->buffer);
    struct pw_slice text = error ? pw_slice_of("") : pw_buffer_text(&reader->buffer);
    while (pw_next_colon_field(&text, &field, &flaws)) {
        int64_t *figure = pw_slice_is(field.key, "MemTotal")       ? &machine->ram_bytes
                          : pw_slice_is(field.key, "SwapTotal")    ? &machine->swap_bytes
                          : pw_slice_is(field.key, "MemAvailable") ? &available_bytes
                          : pw_slice_is(field.key, "SwapFree")     ? &free_swap_bytes
                                                                   : NULL;
        if (figure) {
            *figure = field.number.value;
        }
    }
    machine->free_bytes = available_bytes + free_swap_bytes;
    return error;
}


static void check_machine(lua_State *L, int index, struct pw_swap_machine *machine) {
    static const char *const names[] = {"ram", "hibernation", "free", "swap", "disk", NULL};
    if (lua_isnoneornil(L, index)) {
        return;
    }
    luaL_checktype(L, index, LUA_TTABLE);
    pw_check_names(L, index, names, "option");
    machine->ram_bytes = check_size(L, index, "ram", machine->ram_bytes);
    machine->free_bytes = check_size(L, index, "free", machine->free_bytes);
    machine->swap_bytes = check_size(L, index, "swap", machine->swap_bytes);
    machine->disk_bytes = check_size(L, index, "disk", machine->disk_bytes);
    lua_getfield(L, index, "hibernation");
    machine->hibernation = lua_toboolean(L, -1);
    lua_pop(L, 1);
}


/* [-0, +0, m] Sets a field that may be absent. */
static void set_size(lua_State *L, const char *name, int64_t size_bytes) {
    if (size_bytes != PW_ABSENT) {
        pw_set_integer(L, name, size_bytes);
    }
}


static void push_jumps(lua_State *L, const struct pw_swap_advice *advice) {
    lua_createtable(L, advice->jump_count, 0);
    for (int i = 0; i < advice->jump_count; i++) {
        lua_createtable(L, 0, 3);
        pw_set_integer(L, "at", advice->jumps[i].at_bytes);
        set_size(L, "below", advice->jumps[i].below_bytes);
        set_size(L, "above", advice->jumps[i].above_bytes);
        pw_append(L);
    }
}


static void append_advice(lua_State *L, const struct pw_swap_advice *advice) {
    lua_createtable(L, 0, 5);
    pw_set_slice(L, "source", pw_slice_of(advice->source));
    pw_set_slice(L, "rule", pw_slice_of(advice->rule));
    set_size(L, "size", advice->size_bytes);
    if (advice->caveat) {
        pw_set_slice(L, "caveat", pw_slice_of(advice->caveat));
    }
    push_jumps(L, advice);
    lua_setfield(L, -2, "jumps");
    pw_append(L);
}


/***
How large swap should be, as guides, distributions and tools have it. They do not agree; where a
table's rows do not meet, a little more memory is to have gigabytes less swap, and `jumps` says so.
@function advise
@tparam[opt] table machine `{ ram = (bytes), hibernation = false, free = (memory that is available
and free swap), swap = (that there is), disk = (free where files would be) }`; without `ram`, this
machine's, whose MemTotal is a little less than what is built in
@treturn[1] {table,...} `{ source = "guide", "rhel3", "rhel4", "fedora20", "rhel9",
"dphys-swapfile", "zram-generator", "systemd-swap" or "swapspace", size = (bytes; nil when it gives
no figure), rule = (the table in a line), caveat = (what is wrong with the figure, or nil), jumps =
{ { at = (bytes of RAM), below = (the size up to there), above = (right after) }, … } }`
@return[2] nil, message, errno, kind
@usage for _, table in ipairs(swap.advise { ram = 16 << 30 }) do print(table.source, table.size) end
*/
int pw_swap_push_advice(lua_State *L) {
    struct pw_reader *reader = pw_check_view(L, 1, PW_SWAP);
    struct pw_swap_machine machine = {PW_ABSENT, false, PW_ABSENT, PW_ABSENT, PW_ABSENT};
    struct pw_swap_advice advice;
    pw_check_surplus(L, 2);
    check_machine(L, 2, &machine);
    if (machine.ram_bytes == PW_ABSENT) {
        int error = read_machine(reader, &machine);
        if (error) {
            return pw_fail_file(L, "proc/meminfo", -error);
        }
        check_machine(L, 2, &machine);
    }
    lua_newtable(L);
    for (int table = 0; pw_swap_advise(&machine, table, &advice); table++) {
        append_advice(L, &advice);
    }
    return 1;
}
