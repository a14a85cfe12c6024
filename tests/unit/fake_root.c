/* SPDX-License-Identifier: MIT */
#include "fake_root.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"


void fake_root_make(struct fake_root *root) {
    strcpy(root->path, "/dev/shm/pagewarden-test-XXXXXX"); /* memory, as /run is */
    if (!mkdtemp(root->path)) {
        strcpy(root->path, "/tmp/pagewarden-test-XXXXXX");
        assert_non_null(mkdtemp(root->path));
    }
}


void fake_root_write(const struct fake_root *root, const char *path, const char *text) {
    char whole[512];
    snprintf(whole, sizeof whole, "%s/%s", root->path, path);
    for (char *slash = strchr(whole + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(whole, 0755);
        *slash = '/';
    }
    FILE *file = fopen(whole, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}


const char *fake_root_read(const struct fake_root *root, const char *path) {
    static char text[4096];
    char whole[512];
    snprintf(whole, sizeof whole, "%s/%s", root->path, path);
    FILE *file = fopen(whole, "r");
    if (!file) {
        return "(none)";
    }
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    text[strcspn(text, "\n")] = '\0';
    fclose(file);
    return text;
}


static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk) {
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}


void fake_root_remove(const struct fake_root *root) {
    nftw(root->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}


void tell_told(void *context, const char *event, const struct pw_event_field fields[], int count) {
    struct told *told = context;
    size_t size = strlen(told->text);
    size += (size_t)snprintf(told->text + size, sizeof told->text - size, "%s", event);
    for (int i = 0; i < count && size < sizeof told->text; i++) {
        size += (size_t)snprintf(told->text + size, sizeof told->text - size, " %s=%s",
                                 fields[i].name, fields[i].text);
    }
    assert_true(size + 1 < sizeof told->text);
    strcpy(told->text + size, "\n");
}
