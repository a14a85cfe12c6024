/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "bind/snapshot.h"


/* Raises for a name that is no field, with the nearest that is. */
static enum pw_field_id check_field(lua_State *L, int index) {
    size_t size;
    const char *name = luaL_checklstring(L, index, &size);
    enum pw_field_id id = pw_field_of((struct pw_slice){name, size});
    if (id == PW_FIELDS) {
        const char *nearest = pw_nearest((struct pw_slice){name, size}, pw_field_names());
        luaL_error(L, nearest ? "unknown field '%s' (did you mean '%s'?)" : "unknown field '%s'",
                   name, nearest);
    }
    return id;
}


enum pw_field_id pw_check_asked_field(lua_State *L, int index, const struct pw_snapshot *snapshot) {
    enum pw_field_id id = check_field(L, index);
    if (!(snapshot->asked & PW_BIT(id))) {
        luaL_error(L, "field '%s' is not in this snapshot; name it when asking for one",
                   pw_field_name(id));
    }
    return id;
}


enum pw_field_id pw_check_number_field(lua_State *L, int index,
                                       const struct pw_snapshot *snapshot) {
    enum pw_field_id id = pw_check_asked_field(L, index, snapshot);
    if (pw_field_is_text(id) || id == PW_STATE) {
        luaL_error(L, "field '%s' is not a number", pw_field_name(id));
    }
    return id;
}


/* What decides which rows there are cannot be something that is too dear to read of every row. */
static void check_cheap(lua_State *L, enum pw_field_id id, const char *what) {
    if (PW_EXPENSIVE_FIELDS & PW_BIT(id)) {
        luaL_error(L,
                   "%s cannot use '%s', which is too expensive to read for every process; "
                   "choose candidates by rss, then enrich and sort them",
                   what, pw_field_name(id));
    }
}


static void read_fields(lua_State *L, struct pw_snapshot *snapshot, int options) {
    lua_Integer count = luaL_len(L, options);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_geti(L, options, i);
        snapshot->asked |= PW_BIT(check_field(L, lua_gettop(L)));
        lua_pop(L, 1);
    }
    if (snapshot->asked == 0) {
        luaL_error(L, "no field is asked for; name some, such as { \"pid\", \"comm\", \"rss\" }");
    }
}


/* An end of a range, on top of the stack: an integer, math.huge, or nothing. */
static int64_t range_end(lua_State *L, enum pw_field_id id, const char *end, int64_t otherwise) {
    if (lua_isnil(L, -1)) {
        return otherwise;
    }
    int exact;
    lua_Integer value = lua_tointegerx(L, -1, &exact);
    if (exact) {
        return value;
    }
    if (lua_type(L, -1) != LUA_TNUMBER || lua_tonumber(L, -1) != HUGE_VAL) {
        luaL_error(L, "where.%s.%s: integer expected, got %s", pw_field_name(id), end,
                   luaL_typename(L, -1));
    }
    return INT64_MAX;
}


/* { min = …, max = … } on top of the stack. */
static void read_range(lua_State *L, struct pw_condition *condition) {
    static const char *const known[] = {"min", "max", NULL};
    pw_check_names(L, lua_gettop(L), known, "bound of a range");
    lua_getfield(L, -1, "min");
    condition->min = range_end(L, condition->id, "min", INT64_MIN);
    lua_pop(L, 1);
    lua_getfield(L, -1, "max");
    condition->max = range_end(L, condition->id, "max", INT64_MAX);
    lua_pop(L, 1);
}


static void read_number_condition(lua_State *L, struct pw_condition *condition) {
    if (lua_istable(L, -1)) {
        read_range(L, condition);
    } else {
        condition->min = condition->max = range_end(L, condition->id, "value", INT64_MIN);
    }
}


static void read_state_condition(lua_State *L, struct pw_condition *condition) {
    size_t size;
    const char *letter = lua_tolstring(L, -1, &size);
    if (!letter || size != 1) {
        luaL_error(L, "where.state: one letter expected, such as \"D\"");
    }
    condition->min = condition->max = (unsigned char)*letter;
}


/* A string or a list of them on top of the stack; `anchors` keeps them alive. */
static void read_text_condition(lua_State *L, struct pw_condition *condition, int anchors) {
    if (lua_type(L, -1) == LUA_TSTRING) {
        lua_createtable(L, 1, 0);
        lua_pushvalue(L, -2);
        lua_seti(L, -2, 1);
        lua_replace(L, -2);
    }
    luaL_argexpected(L, lua_istable(L, -1), 2, "string or list of strings in where");
    lua_Integer count = luaL_len(L, -1);
    struct pw_slice *any = lua_newuserdatauv(L, (size_t)count * sizeof *any + 1, 0);
    luaL_ref(L, anchors);
    for (lua_Integer i = 0; i < count; i++) {
        if (lua_geti(L, -1, i + 1) != LUA_TSTRING) {
            luaL_error(L, "where.%s: string expected, got %s", pw_field_name(condition->id),
                       luaL_typename(L, -1));
        }
        any[i].data = lua_tolstring(L, -1, &any[i].size);
        luaL_ref(L, anchors);
    }
    condition->any = any;
    condition->any_count = (size_t)count;
}


/* A field's name and its condition on top of the stack. */
static void read_condition(lua_State *L, struct pw_snapshot *snapshot, int anchors) {
    enum pw_field_id id = check_field(L, lua_absindex(L, -2));
    check_cheap(L, id, "where");
    struct pw_condition *condition = &snapshot->filter.conditions[snapshot->filter.count++];
    condition->id = id;
    if (pw_field_is_text(id)) {
        read_text_condition(L, condition, anchors);
    } else if (id == PW_STATE) {
        read_state_condition(L, condition);
    } else {
        read_number_condition(L, condition);
    }
}


static void read_where(lua_State *L, struct pw_snapshot *snapshot, int index, int options) {
    if (lua_getfield(L, options, "where") != LUA_TNIL) {
        luaL_argexpected(L, lua_istable(L, -1), options, "table in where");
        lua_newtable(L);
        int anchors = lua_gettop(L);
        lua_pushvalue(L, anchors);
        lua_setiuservalue(L, index, PW_VALUE_WHERE);
        lua_pushnil(L);
        while (lua_next(L, anchors - 1)) {
            luaL_argexpected(L, lua_type(L, -2) == LUA_TSTRING, options, "field names in where");
            read_condition(L, snapshot, anchors);
            lua_pop(L, 1);
        }
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}


static void read_by(lua_State *L, struct pw_snapshot *snapshot, int options) {
    snapshot->by = PW_FIELDS;
    if (lua_getfield(L, options, "by") != LUA_TNIL) {
        snapshot->by = pw_check_number_field(L, lua_gettop(L), snapshot);
        check_cheap(L, snapshot->by, "by");
    }
    lua_pop(L, 1);
}


static void read_top(lua_State *L, struct pw_snapshot *snapshot, int options) {
    if (lua_getfield(L, options, "top") != LUA_TNIL) {
        int exact;
        lua_Integer top = lua_tointegerx(L, -1, &exact);
        if (!exact || top < 1 || top > UINT32_MAX) {
            luaL_error(L, "top: a positive integer expected");
        }
        if (snapshot->by == PW_FIELDS) {
            luaL_error(L, "top needs by: the field to order by");
        }
        snapshot->top = (uint32_t)top;
    }
    lua_pop(L, 1);
}


/* The fields of these files. */
static pw_field_set fields_in(pw_file_set files) {
    pw_field_set fields = 0;
    for (int id = 0; id < PW_FIELDS; id++) {
        if (pw_files_of(PW_BIT(id)) & files) {
            fields |= PW_BIT(id);
        }
    }
    return fields;
}


/* Everything in one go, unless a part of the rows is wanted: then only what decides which. */
static void plan(struct pw_snapshot *snapshot) {
    pw_field_set deciding = pw_filter_fields(&snapshot->filter);
    if (snapshot->by != PW_FIELDS) {
        deciding |= PW_BIT(snapshot->by);
    }
    pw_field_set early =
        snapshot->filter.count || snapshot->top ? deciding : snapshot->asked & ~PW_EXPENSIVE_FIELDS;
    snapshot->sweep.files = pw_files_of(early) | PW_BIT(PW_FILE_STAT);
    snapshot->late = snapshot->asked & ~fields_in(snapshot->sweep.files);
}


void pw_read_snapshot_options(lua_State *L, int index, int options, const char *const known[]) {
    struct pw_snapshot *snapshot = lua_touserdata(L, index);
    luaL_checktype(L, options, LUA_TTABLE);
    pw_check_names(L, options, known, "option");
    read_fields(L, snapshot, options);
    read_where(L, snapshot, index, options);
    read_by(L, snapshot, options);
    read_top(L, snapshot, options);
    plan(snapshot);
}
