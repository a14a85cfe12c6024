/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.oom */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bind/act.h"
#include "bind/oom.h"
#include "read/single.h"

#define DEFAULT_ADJ (-900)

/* What becomes of the processes below the main ones. */
enum children { KEEP, RESET, PROTECT };

/* A call, and what it has done so far. */
struct protection {
    struct pw_reader *reader;
    const struct pw_columns *columns;
    lua_Integer adj;
    enum children children;
    const bool *outside; /* rows to be reset whatever becomes of other children; or NULL */
    struct pw_act act;   /* its lifetime */
    lua_Integer changed, failed;
    int64_t protected_bytes;
    int failure; /* the index of the first one's message, errno and kind; 0 for none */
};


/* [-0, +3, v] The table of options at 3, made where there is none, and `adj` of them. */
static void check_adj(lua_State *L, struct protection *protection, const char *const names[]) {
    lua_settop(L, 3);
    if (lua_isnil(L, 3)) {
        lua_newtable(L);
        lua_replace(L, 3);
    }
    luaL_checktype(L, 3, LUA_TTABLE);
    pw_check_names(L, 3, names, "option");
    if (lua_getfield(L, 3, "adj") != LUA_TNIL) {
        protection->adj = lua_tointeger(L, -1);
        luaL_argcheck(L, protection->adj >= -1000 && protection->adj < 0, 3,
                      "adj: -1000 to -1 expected");
    }
    lua_settop(L, 3);
}


/* [-0, +3, v] The options of `protect` at 3. */
static void check_options(lua_State *L, struct protection *protection) {
    static const char *const names[] = {"adj", "children", "reset", "lifetime", NULL};
    static const char *const children[] = {"keep", "reset", "protect", NULL};
    check_adj(L, protection, names);
    pw_check_lifetime(L, 3, &protection->act);
    const char *word = lua_getfield(L, 3, "children") == LUA_TNIL ? "keep" : lua_tostring(L, -1);
    int found = 0;
    while (children[found] && !(word && strcmp(word, children[found]) == 0)) {
        found++;
    }
    luaL_argcheck(L, children[found], 3, "children: 'keep', 'reset' or 'protect' expected");
    protection->children = (enum children)found;
    lua_settop(L, 3);
}


static struct pw_identity identity_of(const struct protection *protection, uint32_t row) {
    return (struct pw_identity){protection->columns->numbers[PW_PID][row],
                                protection->columns->numbers[PW_START_TIME][row]};
}


/* What undoing puts back of a process, if we have changed it; NULL if not. */
static const char *original_of(lua_State *L, const struct protection *protection, uint32_t row) {
    const struct pw_act_context *context = pw_act_context_of(L);
    struct pw_identity process = identity_of(protection, row);
    struct pw_setting setting;
    pw_setting_of_oom(&process, &setting);
    return context && context->gate
               ? pw_gate_original(context->gate, context->actor.policy, setting.key)
               : NULL;
}


/* [-0, +0 or 3, v] Sets one process's adj. A process that has ended meanwhile is no failure; of
 * others the first one's message, errno and kind stay on the stack. */
static void set_adj(lua_State *L, struct protection *protection, uint32_t row, lua_Integer adj,
                    const char *original) {
    struct pw_oom_value value;
    struct pw_act act = protection->act;
    char put_back[PW_VALUE_BYTES], kept[PW_VALUE_BYTES];
    struct pw_identity process = identity_of(protection, row);
    pw_oom_value_of(&protection->reader->source, &process, adj, &value);
    act.setting = &value.setting;
    act.value = value.text;
    if (original) { /* which is the gate's, and it is about to be used */
        snprintf(put_back, sizeof put_back, "%s", original);
        act.original = put_back;
    }
    if (!pw_do_act(L, protection->reader, &act, kept)) {
        protection->changed += protection->columns->numbers[PW_OOM_SCORE_ADJ][row] != adj;
        protection->columns->numbers[PW_OOM_SCORE_ADJ][row] = adj;
        return;
    }
    lua_remove(L, -4);
    bool gone = lua_tointeger(L, -2) == ESRCH;
    protection->failed += !gone;
    if (gone || protection->failure) {
        lua_pop(L, 3);
    } else {
        protection->failure = lua_gettop(L) - 2;
    }
}


/* The row of the parent, in the tree or not; `rows` without one. */
static uint32_t parent_of(const struct pw_columns *columns, uint32_t row) {
    uint32_t up = 0;
    while (up < columns->rows && columns->numbers[PW_PID][up] != columns->numbers[PW_PPID][row]) {
        up++;
    }
    return up;
}


/* Of who is outside the tree it was not read yet. */
static int64_t read_adj(const struct protection *protection, uint32_t row) {
    int64_t known = protection->columns->numbers[PW_OOM_SCORE_ADJ][row];
    struct pw_reader *reader = protection->reader;
    struct pw_identity process = identity_of(protection, row);
    struct pw_number number;
    struct pw_flaws flaws = {0};
    bool is_read =
        known == PW_ABSENT &&
        pw_process_read(&reader->source, &process, "oom_score_adj", &reader->buffer) == 0 &&
        pw_parse_single(pw_buffer_text(&reader->buffer), &number, &flaws);
    return is_read ? number.value : known;
}


/* What undoing puts back of the nearest forebear whose protection a row has inherited: undoing must
 * not give that to the child again. */
static const char *inherited_original(lua_State *L, const struct protection *protection,
                                      uint32_t row) {
    const struct pw_columns *columns = protection->columns;
    int64_t adj = columns->numbers[PW_OOM_SCORE_ADJ][row];
    uint32_t up = row;
    for (uint32_t steps = 0; steps < columns->rows; steps++) {
        up = parent_of(columns, up);
        if (up == columns->rows) {
            return NULL;
        }
        const char *original = original_of(L, protection, up);
        if (original && read_adj(protection, up) == adj) {
            return original;
        }
    }
    return NULL;
}


/* Protects a process, unless it is better off already. One that is protected by us has its lease
 * renewed, which also takes up what was handed on. A main process that has inherited our protection
 * gets a lease of its own: it may outlast its parent. */
static void protect(lua_State *L, struct protection *protection, uint32_t row, bool is_main) {
    int64_t adj = protection->columns->numbers[PW_OOM_SCORE_ADJ][row];
    bool is_ours = adj == protection->adj && original_of(L, protection, row);
    const char *inherited = is_main && adj == protection->adj && !is_ours
                                ? inherited_original(L, protection, row)
                                : NULL;
    if (adj == PW_ABSENT || adj > protection->adj || is_ours || inherited) {
        set_adj(L, protection, row, protection->adj, inherited);
    }
}


/* Takes the protection off a child that has inherited one, or was given one. */
static void reset(lua_State *L, struct protection *protection, uint32_t row) {
    if (protection->columns->numbers[PW_OOM_SCORE_ADJ][row] < 0) {
        const char *original =
            original_of(L, protection, row) ? NULL : inherited_original(L, protection, row);
        set_adj(L, protection, row, 0, original);
    }
}


/* In dry run the kernel still has what would have been changed, and would be put back. */
static bool read_unchanged(lua_State *L, const struct protection *protection, uint32_t row,
                           char original[PW_VALUE_BYTES]) {
    const struct pw_act_context *context = pw_act_context_of(L);
    struct pw_identity process = identity_of(protection, row);
    struct pw_setting setting;
    struct pw_values values;
    pw_setting_of_oom(&process, &setting);
    if (!context || !context->gate || !context->actor.overlay ||
        pw_setting_read(&context->gate->source, &protection->reader->buffer, &setting, &values)) {
        return false;
    }
    snprintf(original, PW_VALUE_BYTES, "%s", values.text[0]);
    return true;
}


/* What a row had before it, or the forebear that it has its adj from, was protected by us. */
static bool find_original(lua_State *L, const struct protection *protection, uint32_t row,
                          char original[PW_VALUE_BYTES]) {
    const char *known = original_of(L, protection, row);
    known = known ? known : inherited_original(L, protection, row);
    if (known) {
        snprintf(original, PW_VALUE_BYTES, "%s", known);
    }
    return known || read_unchanged(L, protection, row, original);
}


static void unprotect(lua_State *L, struct protection *protection, uint32_t row) {
    char original[PW_VALUE_BYTES];
    struct pw_number adj;
    if (protection->columns->numbers[PW_OOM_SCORE_ADJ][row] == protection->adj &&
        find_original(L, protection, row, original) &&
        pw_parse_number(pw_slice_of(original), &adj) && adj.value != protection->adj) {
        set_adj(L, protection, row, adj.value, original);
    }
}


/* [-0, +0 or 3, v] The main processes last: from whom others have inherited shows until then. */
static void unprotect_tree(lua_State *L, struct protection *protection) {
    for (uint32_t i = protection->columns->visible; i > 0; i--) {
        unprotect(L, protection, protection->columns->order[i - 1]);
    }
}


static bool is_protected(const struct protection *protection, uint32_t row) {
    int64_t adj = protection->columns->numbers[PW_OOM_SCORE_ADJ][row];
    return adj != PW_ABSENT && adj <= protection->adj;
}


static int64_t size_of(int64_t bytes) {
    return bytes > 0 ? bytes : 0; /* what could not be read is absent */
}


/* [-0, +0 or 3, v] */
static void treat_tree(lua_State *L, struct protection *protection, uint32_t mains) {
    const struct pw_columns *columns = protection->columns;
    for (uint32_t i = 0; i < columns->visible; i++) {
        uint32_t row = columns->order[i];
        bool outside = i >= mains && protection->outside && protection->outside[row];
        if (i < mains || (protection->children == PROTECT && !outside)) {
            protect(L, protection, row, i < mains);
        } else if ((protection->children == RESET || outside) &&
                   columns->numbers[PW_OOM_SCORE_ADJ][row] != PW_ABSENT) {
            reset(L, protection, row);
        }
        if (is_protected(protection, row)) {
            protection->protected_bytes +=
                size_of(columns->numbers[PW_RSS][row]) + size_of(columns->numbers[PW_SWAP][row]);
        }
    }
}


static uint32_t count_protected(const struct protection *protection, uint32_t mains) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < mains; i++) {
        count += is_protected(protection, protection->columns->order[i]);
    }
    return count;
}


/* [-0, +0, m] What was done, into the table on top of the stack. */
static void set_outcome(lua_State *L, const struct protection *protection) {
    pw_set_integer(L, "changed", protection->changed);
    pw_set_integer(L, "failed", protection->failed);
    if (protection->failure) {
        lua_pushvalue(L, protection->failure);
        lua_setfield(L, -2, "message");
    }
}


/* [-0, +1 or 4, m] What was done, or why the main processes are not protected. */
static int push_result(lua_State *L, const struct protection *protection, uint32_t mains) {
    uint32_t count = count_protected(protection, mains);
    if (count == 0 && !protection->failure) {
        return pw_fail_because(L, "oom", "the processes have ended", ESRCH, PW_GONE);
    }
    if (count == 0) {
        luaL_pushfail(L);
        for (int i = 0; i < 3; i++) {
            lua_pushvalue(L, protection->failure + i);
        }
        return 4;
    }
    lua_newtable(L);
    pw_set_integer(L, "mains", count);
    pw_set_integer(L, "children", protection->columns->visible - mains);
    pw_set_integer(L, "bytes", protection->protected_bytes);
    set_outcome(L, protection);
    return 1;
}


/***
Protects the main processes of a tree, as they are now; to be called again and again, for a daemon
that was started anew, and for children that were started since. Who has a lower adj already keeps
it. Children inherit what their parent has when they are started, and keep it when they exec: with
`children = "reset"` those with less than 0 are set to 0, as PostgreSQL wants it of its backends and
sshd of its sessions, with "protect" they are protected too, and with "keep" they are left as they
are; those in the list `reset`, such as login sessions, are set to 0 whatever becomes of the others.
What is undone is the adj; not the floor to which a process may lower its own adj without
CAP_SYS_RESOURCE, for that is what was written last by somebody who has it.
@function protect
@tparam table description as for `tree`
@tparam[opt] table options `adj` (-900; -1000 only when you say so), `children`, `reset` (a list of
processes or pids), and `lifetime` as for `sysctl.set`
@treturn[1] table `{ mains = (how many are protected), children = (how many there are), changed =
(how many were set), bytes = (memory and swap of all that are protected), failed = n, message = (why
the first failed) }`
@return[2] nil, message, errno, kind: when no main process is protected
@usage
pw:every(10, function() pw.oom.protect({ unit = "postgresql@15-main" }, { children = "reset" }) end)
*/
int pw_oom_protect(lua_State *L) {
    const struct pw_act_context *context = pw_act_context_of(L);
    struct protection protection = {.reader = pw_check_view(L, 1, PW_OOM), .adj = DEFAULT_ADJ};
    struct pw_oom_tree tree;
    pw_check_surplus(L, 3);
    check_options(L, &protection);
    int failed = pw_oom_find_tree(L, 2, &tree);
    if (failed) {
        return failed;
    }
    protection.columns = &tree.snapshot->columns;
    protection.outside = pw_oom_push_listed(L, 3, "reset", protection.columns);
    if (context && context->gate && !context->actor.overlay) {
        pw_gate_forget_ended(context->gate, context->actor.policy);
    }
    treat_tree(L, &protection, tree.mains);
    return push_result(L, &protection, tree.mains);
}


/***
Puts back what there was before `protect`, of all in a tree that have this adj still: of those that
it has set, and of those that have inherited it. Nothing of them is left to undo then. Only
pagewarden's host knows what there was; without it nothing is changed.
@function unprotect
@tparam table description as for `tree`
@tparam[opt] table options `{ adj = (what `protect` was given; -900) }`
@treturn[1] table `{ changed = (how many were set), failed = n, message = (why the first failed) }`
@return[2] nil, message, errno, kind: when nobody is there
@usage pw.oom.unprotect { unit = "postgresql@15-main" }
*/
int pw_oom_unprotect(lua_State *L) {
    static const char *const names[] = {"adj", NULL};
    struct protection protection = {.reader = pw_check_view(L, 1, PW_OOM), .adj = DEFAULT_ADJ};
    struct pw_oom_tree tree;
    pw_check_surplus(L, 3);
    check_adj(L, &protection, names);
    protection.act.lifetime = PW_KEEP; /* what is back for good needs no lease */
    int failed = pw_oom_find_tree(L, 2, &tree);
    if (failed) {
        return failed;
    }
    protection.columns = &tree.snapshot->columns;
    unprotect_tree(L, &protection);
    lua_newtable(L);
    set_outcome(L, &protection);
    return 1;
}
