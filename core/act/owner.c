/* SPDX-License-Identifier: MIT */
#include "act/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "act/checksum.h"
#include "act/file.h"
#include "act/sysctl.h"

#define FOLDER "run/pagewarden/owners"

/* As much of a key as its lock's name shows; what is longer is told apart by its checksum. */
#define SHOWN_BYTES 200

/* Locks that were removed while we waited for them: who meets so many is not waiting for us. */
#define ATTEMPTS 100

struct lock_name {
    char text[NAME_MAX + 1];
};


/* Partners share the lock of the one that sorts first. */
static struct lock_name name_of(const char *key) {
    const char *partner = strncmp(key, "sysctl ", 7) == 0 ? pw_sysctl_partner(key + 7) : NULL;
    const char *first = partner && strcmp(partner, key + 7) < 0 ? partner : NULL;
    char whole[PW_KEY_BYTES + 8];
    snprintf(whole, sizeof whole, "%s%s", first ? "sysctl " : "", first ? first : key);
    struct lock_name name = {0};
    size_t size = 0;
    for (const char *at = whole; *at && size < SHOWN_BYTES; at++) {
        bool plain = *at != '/' && *at != '%' && *at > ' ' && *at < 0x7f;
        size += (size_t)snprintf(name.text + size, sizeof name.text - size, plain ? "%c" : "%%%02x",
                                 (unsigned char)*at);
    }
    if (size >= SHOWN_BYTES) {
        snprintf(name.text + size, sizeof name.text - size, "-%08x",
                 pw_checksum(pw_slice_of(whole)));
    }
    return name;
}


/* The claim on a key that matters to somebody in dry run, or not. */
static struct pw_owned *find(struct pw_owners *owners, const char *key, bool dry) {
    for (int i = 0; i < owners->count; i++) {
        struct pw_owned *owned = &owners->owned[i];
        if (pw_setting_same(owned->key, key) && (dry || owned->fd >= 0)) {
            return owned;
        }
    }
    return NULL;
}


static void name_policy(char owner[PW_OWNER_BYTES], const char *policy) {
    snprintf(owner, PW_OWNER_BYTES, "policy %.80s (pid %d)", policy, (int)getpid());
}


/* The holder's name, as it wrote it when it got the lock. */
static void read_owner(int fd, char owner[PW_OWNER_BYTES]) {
    ssize_t size = pread(fd, owner, PW_OWNER_BYTES - 1, 0);
    owner[size > 0 ? size : 0] = '\0';
    owner[strcspn(owner, "\n")] = '\0';
    if (!owner[0]) {
        strcpy(owner, "another process");
    }
}


/* Whether a process holds the lock, for who only looks. */
static int look(const struct pw_source *source, const char *name, char owner[PW_OWNER_BYTES]) {
    char path[sizeof FOLDER + NAME_MAX + 2];
    snprintf(path, sizeof path, FOLDER "/%s", name);
    int fd = pw_file_open(source, source->root_fd, path, O_RDONLY);
    if (fd < 0) {
        return 0;
    }
    bool held = flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
    if (held) {
        read_owner(fd, owner);
    }
    close(fd);
    return held ? -EBUSY : 0;
}


/* Opens and locks the file once: the descriptor; -EAGAIN when it was removed meanwhile. */
static int try_lock(const struct pw_source *source, int folder_fd, const char *name,
                    char owner[PW_OWNER_BYTES]) {
    int fd = pw_file_open(source, folder_fd, name, O_RDWR | O_CREAT);
    if (fd < 0) {
        return fd;
    }
    int error = 0;
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        error = errno == EWOULDBLOCK ? -EBUSY : -errno;
        read_owner(fd, owner);
    } else if (!pw_file_is_named(folder_fd, name, fd)) {
        error = -EAGAIN;
    }
    if (error) {
        close(fd);
    }
    return error ? error : fd;
}


static int lock(const struct pw_source *source, const char *name, const char *policy,
                char owner[PW_OWNER_BYTES]) {
    int folder_fd = pw_file_make_folder(source, FOLDER);
    if (folder_fd < 0) {
        return folder_fd;
    }
    int fd = -EAGAIN;
    for (int attempt = 0; fd == -EAGAIN && attempt < ATTEMPTS; attempt++) {
        fd = try_lock(source, folder_fd, name, owner);
    }
    close(folder_fd);
    if (fd < 0) {
        return fd;
    }
    name_policy(owner, policy);
    int size = (int)strlen(owner);
    if (ftruncate(fd, 0) || pwrite(fd, owner, (size_t)size, 0) != size) {
        close(fd);
        return -ENOSPC;
    }
    return fd;
}


static int remember(struct pw_owners *owners, const char *key, const char *policy, int fd) {
    struct pw_owned *owned = realloc(owners->owned, ((size_t)owners->count + 1) * sizeof *owned);
    if (!owned) {
        return -ENOMEM;
    }
    owners->owned = owned;
    owned[owners->count] = (struct pw_owned){strdup(key), strdup(policy), fd};
    if (!owned[owners->count].key || !owned[owners->count].policy) {
        free(owned[owners->count].key);
        free(owned[owners->count].policy);
        return -ENOMEM;
    }
    owners->count++;
    return 0;
}


int pw_owners_claim(struct pw_owners *owners, const struct pw_source *source, const char *key,
                    const char *policy, bool dry, char owner[PW_OWNER_BYTES]) {
    const struct pw_owned *held = find(owners, key, dry);
    if (held) {
        name_policy(owner, held->policy);
        return strcmp(held->policy, policy) == 0 ? 0 : -EBUSY;
    }
    struct lock_name name = name_of(key);
    int fd = dry ? look(source, name.text, owner) : lock(source, name.text, policy, owner);
    if (fd < 0) {
        return fd;
    }
    int error = remember(owners, key, policy, dry ? -1 : fd);
    if (error && !dry) {
        close(fd);
    }
    return error;
}


/* The file goes before its lock does, so that nobody gets the lock of a file that is to go. */
static void give_up(struct pw_owners *owners, const struct pw_source *source, int index) {
    struct pw_owned *owned = &owners->owned[index];
    if (owned->fd >= 0) {
        struct lock_name name = name_of(owned->key);
        int folder_fd = pw_file_open(source, source->root_fd, FOLDER, O_RDONLY | O_DIRECTORY);
        if (folder_fd >= 0 && pw_file_is_named(folder_fd, name.text, owned->fd)) {
            unlinkat(folder_fd, name.text, 0);
        }
        if (folder_fd >= 0) {
            close(folder_fd);
        }
        close(owned->fd);
    }
    free(owned->key);
    free(owned->policy);
    *owned = owners->owned[--owners->count];
}


void pw_owners_release(struct pw_owners *owners, const struct pw_source *source, const char *key,
                       const char *policy, bool dry) {
    for (int i = owners->count - 1; i >= 0; i--) {
        const struct pw_owned *owned = &owners->owned[i];
        if ((owned->fd < 0) == dry && pw_setting_same(owned->key, key) &&
            strcmp(owned->policy, policy) == 0) {
            give_up(owners, source, i);
        }
    }
}


void pw_owners_release_all(struct pw_owners *owners, const struct pw_source *source,
                           const char *policy) {
    for (int i = owners->count - 1; i >= 0; i--) {
        if (!policy || strcmp(owners->owned[i].policy, policy) == 0) {
            give_up(owners, source, i);
        }
    }
    if (owners->count == 0) {
        free(owners->owned);
        owners->owned = NULL;
    }
}
