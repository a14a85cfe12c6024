/* SPDX-License-Identifier: MIT */
#include "host/told.h"

#include <stdlib.h>
#include <string.h>


static size_t size_of(const char *event, const struct pw_event_field fields[], int count) {
    size_t size = strlen(event) + 1;
    for (int i = 0; i < count; i++) {
        size += strlen(fields[i].name) + strlen(fields[i].text) + 2;
    }
    return size;
}


/* Copies a string with its NUL, and returns what is behind it. */
static char *put(char *at, const char *string) {
    return stpcpy(at, string) + 1;
}


void pw_told_add(struct pw_told *told, const char *event, const struct pw_event_field fields[],
                 int count) {
    struct pw_told_event *added = malloc(sizeof *added + size_of(event, fields, count));
    if (!added) {
        told->dropped++;
        return;
    }
    added->next = NULL;
    added->field_count = count;
    char *at = put(added->strings, event);
    for (int i = 0; i < count; i++) {
        at = put(put(at, fields[i].name), fields[i].text);
    }
    *(told->first ? told->last : &told->first) = added;
    told->last = &added->next;
}


void pw_told_pop(struct pw_told *told) {
    struct pw_told_event *first = told->first;
    told->first = first->next;
    free(first);
}


void pw_told_clear(struct pw_told *told) {
    while (told->first) {
        pw_told_pop(told);
    }
    told->dropped = 0;
}


const char *pw_told_next(const char *string) {
    return string + strlen(string) + 1;
}
