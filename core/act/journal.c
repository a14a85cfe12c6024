/* SPDX-License-Identifier: MIT */
#include "act/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/file.h"
#include "act/journal_header.h"

/* Where the machine-wide numbers of entries come from: the last one that was given, and the last
 * one of an entry that outlasts a boot. */
#define NUMBER_FILE "number"
#define RUN_FOLDER "run/pagewarden"
#define DISK_FOLDER "var/lib/pagewarden"

/* What a journal may grow to before its history is dropped. */
#define TIDY_BYTES ((size_t)64 << 10)

/* Two hosts in one process have a journal each; so many times a name may be taken. */
#define ATTEMPTS 100

const char *const pw_journal_folders[] = {
    [PW_JOURNAL_RUN] = RUN_FOLDER "/journal",
    [PW_JOURNAL_DISK] = DISK_FOLDER "/journal",
};


void pw_journal_init(struct pw_journal *journal, enum pw_journal_place place,
                     const struct pw_source *source, const struct pw_hooks *hooks) {
    *journal = (struct pw_journal){.source = source, .hooks = hooks, .place = place, .fd = -1};
}


/* This process's start, whatever root is looked at. */
static int64_t own_start(void) {
    struct pw_source machine;
    struct pw_buffer buffer = {0};
    struct pw_stat stat = {0};
    struct pw_flaws flaws = {0};
    pw_source_open(&machine, "/");
    int fd = pw_process_open(&machine, &(struct pw_identity){getpid(), PW_ABSENT}, &buffer, &stat,
                             &flaws);
    if (fd >= 0) {
        close(fd);
    }
    pw_buffer_free(&buffer);
    pw_source_close(&machine);
    return stat.starttime_ticks;
}


/* What is on disk must be there before what it undoes. */
static int flush(const struct pw_journal *journal) {
    return journal->place == PW_JOURNAL_DISK && fdatasync(journal->fd) ? -errno : 0;
}


/* Writes all of it, or nothing. */
static int append(struct pw_journal *journal, const char *bytes, size_t size) {
    ssize_t written = pwrite(journal->fd, bytes, size, (off_t)journal->size_bytes);
    int error = written == (ssize_t)size ? flush(journal) : written < 0 ? -errno : -ENOSPC;
    if (!error) {
        journal->size_bytes += size;
        return 0;
    }
    if (ftruncate(journal->fd, (off_t)journal->size_bytes)) {
        return -EIO;
    }
    return error;
}


/* Makes and locks a file: the descriptor, or -EEXIST for a name that is taken. Somebody who looks
 * for dead journals may have taken the empty file away before it was locked. */
static int make_locked(const struct pw_journal *journal, int folder_fd, const char *name) {
    int fd = pw_file_open(journal->source, folder_fd, name, O_RDWR | O_CREAT | O_EXCL);
    if (fd >= 0 && (flock(fd, LOCK_EX) || !pw_file_is_named(folder_fd, name, fd))) {
        close(fd);
        return -EEXIST;
    }
    return fd;
}


static int make_file(struct pw_journal *journal) {
    int folder_fd = pw_file_make_folder(journal->source, pw_journal_folders[journal->place]);
    if (folder_fd < 0) {
        return folder_fd;
    }
    long long start = own_start();
    int fd = -EEXIST;
    for (int attempt = 0; fd == -EEXIST && attempt < ATTEMPTS; attempt++) {
        snprintf(journal->name, sizeof journal->name, attempt ? "%d-%lld-%d" : "%d-%lld",
                 (int)getpid(), start, attempt + 1);
        fd = make_locked(journal, folder_fd, journal->name);
    }
    close(folder_fd);
    if (fd < 0) {
        return fd;
    }
    struct pw_journal_header header = pw_journal_header_of(journal->place, journal->source);
    journal->fd = fd;
    journal->size_bytes = 0;
    pw_step(journal->hooks);
    return append(journal, header.text, strlen(header.text));
}


static int append_entry(struct pw_journal *journal, const struct pw_entry *entry) {
    char line[PW_ENTRY_LINE_BYTES];
    size_t size = pw_entry_write(entry, line);
    return append(journal, line, size);
}


int pw_journal_record(struct pw_journal *journal, const struct pw_entry *entry) {
    int error = journal->fd < 0 ? make_file(journal) : 0;
    if (!error) {
        error = append_entry(journal, entry);
    }
    pw_step(journal->hooks);
    return error;
}


struct pw_entry *pw_journal_find(const struct pw_journal *journal, const char *key,
                                 const char *policy) {
    for (int i = 0; i < journal->count; i++) {
        struct pw_entry *entry = journal->entries[i];
        if (entry->state != PW_ENTRY_CLOSED && strcmp(entry->policy, policy) == 0 &&
            pw_setting_same(entry->key, key)) {
            return entry;
        }
    }
    return NULL;
}


/* Opens a file with a number, and reads that: 0 when there is none. The descriptor, or -errno. */
static int open_number(const struct pw_source *source, const char *folder, int64_t *number) {
    char text[24] = {0};
    int folder_fd = pw_file_make_folder(source, folder);
    int fd = pw_file_open(source, folder_fd, NUMBER_FILE, O_RDWR | O_CREAT);
    if (folder_fd >= 0) {
        close(folder_fd);
    }
    if (fd >= 0 && flock(fd, LOCK_EX)) {
        int error = -errno;
        close(fd);
        return error;
    }
    ssize_t size = fd < 0 ? 0 : pread(fd, text, sizeof text - 1, 0);
    *number = size > 0 ? strtoll(text, NULL, 10) : 0;
    return fd;
}


static int write_number(int fd, int64_t number) {
    char text[24];
    int size = snprintf(text, sizeof text, "%lld\n", (long long)number);
    return pwrite(fd, text, (size_t)size, 0) == size ? 0 : -ENOSPC;
}


/* The last number of an entry that outlasts a boot; 0 when there was none. */
static int64_t last_on_disk(const struct pw_source *source) {
    struct pw_buffer buffer = {0};
    struct pw_number number = {0};
    struct pw_slice line;
    if (pw_source_read(source, DISK_FOLDER "/" NUMBER_FILE, &buffer) == 0) {
        struct pw_slice text = pw_buffer_text(&buffer);
        if (pw_take_line(&text, &line)) {
            pw_parse_number(line, &number);
        }
    }
    pw_buffer_free(&buffer);
    return number.value;
}


/* Keeps a number for the boots to come. */
static int remember_on_disk(const struct pw_source *source, int64_t number) {
    int64_t before;
    int fd = open_number(source, DISK_FOLDER, &before);
    if (fd < 0) {
        return fd;
    }
    int error = write_number(fd, number);
    if (!error && fdatasync(fd)) {
        error = -errno;
    }
    close(fd);
    return error;
}


/* The next number: read and written under the lock of the file in /run. */
static int next_number(const struct pw_journal *journal, int64_t *number) {
    int64_t last, on_disk = last_on_disk(journal->source);
    int fd = open_number(journal->source, RUN_FOLDER, &last);
    if (fd < 0) {
        return fd;
    }
    *number = (last > on_disk ? last : on_disk) + 1;
    int error = write_number(fd, *number);
    if (!error && journal->place == PW_JOURNAL_DISK) {
        error = remember_on_disk(journal->source, *number);
    }
    close(fd);
    return error;
}


int pw_journal_add(struct pw_journal *journal, struct pw_entry *entry) {
    int error = entry->id ? 0 : next_number(journal, &entry->id);
    struct pw_entry **entries = NULL;
    if (!error) {
        size_t count = (size_t)journal->count + 1;
        entries = realloc(journal->entries, count * sizeof(struct pw_entry *));
        error = entries ? 0 : -ENOMEM;
    }
    if (error) {
        pw_entry_free(entry);
        return error;
    }
    journal->entries = entries;
    int place = journal->count++;
    for (; place > 0 && entries[place - 1]->id > entry->id; place--) {
        entries[place] = entries[place - 1];
    }
    entries[place] = entry;
    return 0;
}


static void forget_closed(struct pw_journal *journal) {
    int kept = 0;
    for (int i = 0; i < journal->count; i++) {
        struct pw_entry *entry = journal->entries[i];
        if (entry->state == PW_ENTRY_CLOSED) {
            pw_entry_free(entry);
        } else {
            journal->entries[kept++] = entry;
        }
    }
    journal->count = kept;
}


/* Writes the header and every entry to the journal's file, which is new. */
static int write_all(struct pw_journal *journal) {
    struct pw_journal_header header = pw_journal_header_of(journal->place, journal->source);
    journal->size_bytes = 0;
    int error = append(journal, header.text, strlen(header.text));
    for (int i = 0; i < journal->count && !error; i++) {
        error = append_entry(journal, journal->entries[i]);
    }
    return error;
}


/* A new file takes the old one's place when all is in it; until then the old one stays. */
static void write_anew(struct pw_journal *journal, int folder_fd) {
    char name[PW_JOURNAL_NAME_BYTES + 1];
    snprintf(name, sizeof name, ".%s", journal->name);
    struct pw_journal fresh = *journal;
    unlinkat(folder_fd, name, 0);
    fresh.fd = make_locked(journal, folder_fd, name);
    if (fresh.fd < 0) {
        return;
    }
    int error = write_all(&fresh);
    pw_step(journal->hooks);
    if (error || renameat(folder_fd, name, folder_fd, journal->name)) {
        unlinkat(folder_fd, name, 0);
        close(fresh.fd);
        return;
    }
    pw_step(journal->hooks);
    close(journal->fd);
    *journal = fresh;
}


static int open_folder(const struct pw_journal *journal) {
    return pw_file_open(journal->source, journal->source->root_fd,
                        pw_journal_folders[journal->place], O_RDONLY | O_DIRECTORY);
}


void pw_journal_tidy(struct pw_journal *journal) {
    forget_closed(journal);
    if (journal->fd < 0 || journal->size_bytes < TIDY_BYTES) {
        return;
    }
    int folder_fd = open_folder(journal);
    if (folder_fd >= 0) {
        write_anew(journal, folder_fd);
        close(folder_fd);
    }
}


static void remove_file(const struct pw_journal *journal) {
    char unfinished[PW_JOURNAL_NAME_BYTES + 1];
    int folder_fd = open_folder(journal);
    if (folder_fd < 0) {
        return;
    }
    snprintf(unfinished, sizeof unfinished, ".%s", journal->name);
    unlinkat(folder_fd, unfinished, 0);
    if (pw_file_is_named(folder_fd, journal->name, journal->fd)) {
        unlinkat(folder_fd, journal->name, 0);
    }
    close(folder_fd);
}


void pw_journal_forget(struct pw_journal *journal) {
    if (journal->fd >= 0) {
        close(journal->fd);
    }
    for (int i = 0; i < journal->count; i++) {
        pw_entry_free(journal->entries[i]);
    }
    free(journal->entries);
    pw_journal_init(journal, journal->place, journal->source, journal->hooks);
}


void pw_journal_close(struct pw_journal *journal) {
    forget_closed(journal);
    if (journal->fd >= 0 && journal->count == 0) {
        remove_file(journal);
    }
    pw_journal_forget(journal);
}


/* An entry's later state takes the place of its earlier one. */
static int take_entry(struct pw_journal *journal, struct pw_entry *entry) {
    for (int i = 0; i < journal->count; i++) {
        if (journal->entries[i]->id == entry->id) {
            pw_entry_free(journal->entries[i]);
            journal->entries[i] = entry;
            return 0;
        }
    }
    return pw_journal_add(journal, entry);
}


/* Reads the entries of a text; what is not one, and all behind it, is not in the size. */
static int take_entries(struct pw_journal *journal, struct pw_slice text) {
    struct pw_slice line;
    int error = 0;
    while (!error && pw_take_until(&text, '\n', &line)) {
        struct pw_entry *entry = pw_entry_read(line);
        if (!entry) {
            return 0;
        }
        error = take_entry(journal, entry);
        journal->size_bytes += line.size + 1;
    }
    return error;
}


static int take_text(struct pw_journal *journal, struct pw_slice text) {
    struct pw_slice rest = text, line;
    if (!pw_take_until(&rest, '\n', &line)) {
        return PW_JOURNAL_READ;
    }
    int found = pw_journal_judge(journal->place, journal->source, line);
    if (found != PW_JOURNAL_READ) {
        return found;
    }
    journal->size_bytes = line.size + 1;
    int error = take_entries(journal, rest);
    forget_closed(journal);
    return error ? error : PW_JOURNAL_READ;
}


static void cut_tail(struct pw_journal *journal, size_t size) {
    if (journal->size_bytes == size || ftruncate(journal->fd, (off_t)journal->size_bytes)) {
        return;
    }
    char bytes[24];
    snprintf(bytes, sizeof bytes, "%zu", size - journal->size_bytes);
    struct pw_event_field fields[] = {{"journal", journal->name}, {"bytes", bytes}};
    pw_tell(journal->hooks, "journal_cut", fields, 2);
}


static int read_journal(struct pw_journal *journal, bool alive) {
    struct pw_buffer buffer = {0};
    int found = pw_source_reread(journal->fd, &buffer);
    if (!found) {
        found = take_text(journal, pw_buffer_text(&buffer));
    }
    if (found == PW_JOURNAL_READ && !alive) {
        cut_tail(journal, buffer.size_bytes);
    }
    pw_buffer_free(&buffer);
    return found == PW_JOURNAL_READ && alive ? PW_JOURNAL_ALIVE : found;
}


int pw_journal_load(struct pw_journal *journal, enum pw_journal_place place,
                    const struct pw_source *source, const struct pw_hooks *hooks,
                    const char *name) {
    pw_journal_init(journal, place, source, hooks);
    snprintf(journal->name, sizeof journal->name, "%s", name);
    int folder_fd = open_folder(journal);
    int fd = pw_file_open(source, folder_fd, name, O_RDWR);
    if (fd == -EACCES || fd == -EROFS) {
        fd = pw_file_open(source, folder_fd, name, O_RDONLY);
    }
    if (fd >= 0) {
        journal->fd = fd;
        bool alive = flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK;
        bool named = pw_file_is_named(folder_fd, name, fd);
        fd = named ? read_journal(journal, alive) : -ENOENT;
    }
    if (folder_fd >= 0) {
        close(folder_fd);
    }
    return fd;
}
