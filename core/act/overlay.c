/* SPDX-License-Identifier: MIT */
#include "act/overlay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


/* Readers may put more slashes between the parts of a path than there need be. */
static bool is_path(const char *path, const char *other) {
    for (;;) {
        while (path[0] == '/' && path[1] == '/') {
            path++;
        }
        while (other[0] == '/' && other[1] == '/') {
            other++;
        }
        if (*path != *other || !*path) {
            return *path == *other;
        }
        path++;
        other++;
    }
}


static struct pw_overlaid *find(const struct pw_overlay *overlay, const char *path) {
    for (int i = 0; i < overlay->count; i++) {
        if (is_path(overlay->entries[i].path, path)) {
            return &overlay->entries[i];
        }
    }
    return NULL;
}


static struct pw_overlaid *add(struct pw_overlay *overlay, const char *path) {
    struct pw_overlaid *entries =
        realloc(overlay->entries, ((size_t)overlay->count + 1) * sizeof *entries);
    if (!entries) {
        return NULL;
    }
    overlay->entries = entries;
    entries[overlay->count] = (struct pw_overlaid){.path = strdup(path)};
    return entries[overlay->count].path ? &entries[overlay->count++] : NULL;
}


static int set(struct pw_overlay *overlay, const char *path, const char *text) {
    struct pw_overlaid *entry = find(overlay, path);
    if (!entry) {
        entry = add(overlay, path);
    }
    if (!entry) {
        return -ENOMEM;
    }
    snprintf(entry->text, sizeof entry->text, "%s\n", text);
    return 0;
}


int pw_overlay_set(struct pw_overlay *overlay, const struct pw_setting *setting, int file,
                   const char *text) {
    if (setting->kind == PW_SETTING_OOM) {
        char path[PW_PROCESS_PATH_BYTES];
        pw_process_overlay_path(&setting->process, setting->paths[0], path);
        return set(overlay, path, text);
    }
    if (setting->kind == PW_SETTING_SWAP) { /* no file that is read says it */
        return set(overlay, setting->key, text);
    }
    int error = set(overlay, setting->paths[file], text);
    return !error && setting->files == 2 ? set(overlay, setting->paths[!file], "0") : error;
}


static bool look(const void *context, const char *path, struct pw_slice *text) {
    const struct pw_overlaid *entry = find(context, path);
    if (entry) {
        *text = pw_slice_of(entry->text);
    }
    return entry != NULL;
}


void pw_overlay_attach(const struct pw_overlay *overlay, struct pw_source *source) {
    source->overlay = (struct pw_source_overlay){look, overlay};
}


int pw_overlay_copy(const struct pw_overlay *overlay, struct pw_overlay *copy) {
    *copy = (struct pw_overlay){0};
    for (int i = 0; i < overlay->count; i++) {
        struct pw_overlaid *entry = add(copy, overlay->entries[i].path);
        if (!entry) {
            pw_overlay_free(copy);
            return -ENOMEM;
        }
        memcpy(entry->text, overlay->entries[i].text, sizeof entry->text);
    }
    return 0;
}


void pw_overlay_free(struct pw_overlay *overlay) {
    for (int i = 0; i < overlay->count; i++) {
        free(overlay->entries[i].path);
    }
    free(overlay->entries);
    *overlay = (struct pw_overlay){0};
}
