/* SPDX-License-Identifier: MIT */
/***
What policies changed and what is left to undo.

A journal is what one process wrote of it, beneath `run/pagewarden/journal` of a root. The leases of
processes that have died are undone by `undo`; what was set to be kept is listed, and undone by its
number. Nothing of a living process is touched.

@module pagewarden.journal
@pragma nostrip
*/
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "act/undo.h"
#include "bind/reader.h"

/* The root at 1, read through one reader, and a second one whose buffer holds what was noted: C
 * code that holds locks must not be left by a Lua error, so tables are made of the notes
 * afterwards. */
struct call {
    struct pw_reader *reader;
    struct pw_buffer *notes;
    int error;
};

/* Shared with proc, which defines the class of readers. */
int luaopen_pagewarden_proc(lua_State *L);


/* A note is its event, names and texts in turn, and an empty name: each ends with a NUL. */
static void add_word(struct call *call, const char *word) {
    struct pw_slice slice = pw_slice_of(word);
    slice.size++;
    if (!call->error) {
        call->error = pw_buffer_append(call->notes, slice);
    }
}


static void note(void *context, const char *event, const struct pw_event_field fields[],
                 int count) {
    add_word(context, event);
    for (int i = 0; i < count; i++) {
        add_word(context, fields[i].name);
        add_word(context, fields[i].text);
    }
    add_word(context, "");
}


/* Makes the list of notes: the event under `event`, and every field under its name. */
static int push_notes(lua_State *L, const struct call *call) {
    struct pw_slice rest = pw_buffer_text(call->notes), name, text;
    struct pw_number number;
    if (call->error) {
        return pw_fail(L, "journal", -call->error);
    }
    lua_newtable(L);
    while (pw_take_until(&rest, '\0', &text)) {
        lua_newtable(L);
        pw_set_slice(L, "event", text);
        while (pw_take_until(&rest, '\0', &name) && name.size > 0) {
            pw_take_until(&rest, '\0', &text);
            if (pw_slice_is(name, "id") && pw_parse_number(text, &number)) {
                pw_set_integer(L, "id", number.value);
            } else {
                pw_push_slice(L, text);
                lua_setfield(L, -2, name.data);
            }
        }
        pw_append(L);
    }
    return 1;
}


static int begin(lua_State *L, struct call *call) {
    const char *root = luaL_optstring(L, 1, "/");
    int error = pw_new_reader(L, root);
    call->reader = lua_touserdata(L, -1);
    pw_new_reader(L, root);
    call->notes = &((struct pw_reader *)lua_touserdata(L, -1))->buffer;
    return error;
}


static void note_entry(void *context, const struct pw_entry *entry,
                       const struct pw_journal *journal, bool alive) {
    static const char *const states[] = {"held", "writing", "undoing", "let_go", "closed"};
    char id[24];
    snprintf(id, sizeof id, "%lld", (long long)entry->id);
    struct pw_event_field fields[] = {
        {"id", id},
        {"policy", entry->policy},
        {"key", entry->key},
        {"was", entry->original.text[0]},
        {"value", entry->last.text[0]},
        {"lifetime", entry->lifetime == PW_KEEP ? "keep" : "lease"},
        {"state", states[entry->state]},
        {"journal", journal->name},
        {"process", alive ? "alive" : "dead"},
    };
    note(context, "entry", fields, (int)(sizeof fields / sizeof *fields));
}


/***
What was changed and not undone yet.
@function list
@tparam[opt="/"] string root
@treturn[1] {table,...} in no order. One with `event = "entry"` is `{ id = 12, policy =, key =
"sysctl vm.swappiness", was = "60", value = "40", lifetime = "lease" or "keep", state = "held",
journal = (its name), process = "alive" or "dead" }`; others tell of journals that cannot be read
@return[2] nil, message, errno, kind
*/
static int list(lua_State *L) {
    struct call call = {0};
    pw_check_surplus(L, 1);
    int error = begin(L, &call);
    struct pw_hooks hooks = {.tell = note, .context = &call};
    if (!error) {
        error = pw_undo_list(&call.reader->source, &hooks, &call.reader->buffer, note_entry, &call);
    }
    return error ? pw_fail(L, "journal", -error) : push_notes(L, &call);
}


static int fail_entry(lua_State *L, lua_Integer id, int error) {
    const char *what = lua_pushfstring(L, "entry %I", (LUAI_UACINT)id);
    const char *reason = error == ENOENT  ? "there is no such entry"
                         : error == EBUSY ? "its process is running, and undoes it itself"
                                          : strerror(error);
    return pw_fail_because(L, what, reason, error, error == EBUSY ? PW_DENIED : PW_GONE);
}


/***
Undoes the leases that dead processes left, last first; or, with its number, one entry of a dead
process, be it a lease or kept.
@function undo
@tparam[opt="/"] string root
@tparam[opt] integer id
@treturn[1] {table,...} what came of each: `{ event = "undone", "left" or "gone", id =, policy =,
key =, value = (what the kernel has now), reason = (why it was left) }`, and what there is to say of
whole journals
@return[2] nil, message, errno, kind: "gone" when there is no such entry, "denied" when its process
is running
*/
static int undo(lua_State *L) {
    struct call call = {0};
    lua_Integer id = luaL_optinteger(L, 2, 0);
    luaL_argcheck(L, lua_isnoneornil(L, 2) || id > 0, 2, "not the number of an entry");
    pw_check_surplus(L, 2);
    lua_settop(L, 1);
    int error = begin(L, &call);
    struct pw_hooks hooks = {.tell = note, .context = &call};
    if (error) {
        return pw_fail(L, "journal", -error);
    }
    int count = pw_undo_dead(&call.reader->source, &hooks, &call.reader->buffer, id);
    if (count < 0) {
        return id ? fail_entry(L, id, -count) : pw_fail(L, "journal", -count);
    }
    return push_notes(L, &call);
}


PW_EXPORT int luaopen_pagewarden_journal(lua_State *L);

int luaopen_pagewarden_journal(lua_State *L) {
    static const luaL_Reg functions[] = {{"list", list}, {"undo", undo}, {NULL, NULL}};
    luaL_requiref(L, "pagewarden.proc", luaopen_pagewarden_proc, 0);
    luaL_newlib(L, functions);
    return 1;
}
