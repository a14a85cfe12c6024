/* SPDX-License-Identifier: MIT */
#include "read/log_line.h"

#include "read/search.h"

/* A record's number is its level and, above that, who wrote it: 0 is the kernel. */
#define LEVELS 8

/* What syslog daemons put before "kernel: " is shorter. */
#define HEADER_BYTES 128

#define SECOND_US INT64_C(1000000)
#define FRACTION_DIGITS 6


static int digit_of(char c) {
    struct pw_slice digit = {&c, 1};
    uint64_t value;
    return pw_parse_hexadecimal(digit, &value) ? (int)value : -1;
}


/* The length of an escape at the front, \xNN, and its byte; 0 when there is none. */
static size_t escape_at(struct pw_slice text, char *byte) {
    if (text.size < 4 || text.data[0] != '\\' || text.data[1] != 'x') {
        return 0;
    }
    int high = digit_of(text.data[2]), low = digit_of(text.data[3]);
    *byte = (char)(high * 16 + low);
    return high < 0 || low < 0 ? 0 : 4;
}


static struct pw_slice unescape(struct pw_slice text, char out[PW_LOG_LINE_BYTES]) {
    size_t size = 0;
    while (text.size > 0 && size < PW_LOG_LINE_BYTES) {
        size_t length = escape_at(text, &out[size]);
        if (length == 0) {
            out[size] = text.data[0];
            length = 1;
        }
        size++;
        text = pw_slice_skip(text, length);
    }
    return (struct pw_slice){out, size};
}


/* A text of this size was cut, perhaps within a number: what stands after its last blank or newline
 * is left out. */
static struct pw_slice without_stump(struct pw_slice text) {
    size_t size = text.size;
    while (size > 0 && text.data[size - 1] != ' ' && text.data[size - 1] != '\n') {
        size--;
    }
    bool cut = text.size >= PW_LOG_LINE_BYTES - 1 && size > 0;
    return (struct pw_slice){text.data, cut ? size : text.size};
}


bool pw_parse_log_record(struct pw_slice record, char room[PW_LOG_LINE_BYTES],
                         struct pw_log_line *line) {
    struct pw_slice rest = record, header, text;
    int64_t number;
    if (!pw_take_until(&rest, ';', &header) || !pw_take_number(&header, &number) || number < 0 ||
        !pw_take_prefix(&header, ",") || !pw_take_number(&header, &line->sequence) ||
        line->sequence < 0) {
        return false;
    }
    if (!pw_take_prefix(&header, ",") || !pw_take_number(&header, &line->time_us)) {
        line->time_us = PW_ABSENT;
    }
    line->from_kernel = number < LEVELS;
    line->text = (struct pw_slice){room, 0};
    if (pw_take_line(&rest, &text)) {
        line->text = without_stump(unescape(text, room));
    }
    return true;
}


/* "492.656714" as microseconds. */
static bool parse_time(struct pw_slice text, int64_t *time_us) {
    struct pw_slice fraction = pw_slice_trim(text);
    int64_t seconds, microseconds;
    if (!pw_take_number(&fraction, &seconds) || !pw_take_prefix(&fraction, ".") ||
        fraction.size != FRACTION_DIGITS || !pw_take_number(&fraction, &microseconds) ||
        fraction.size != 0 || seconds < 0 || seconds > INT64_MAX / SECOND_US - 1) {
        return false;
    }
    *time_us = seconds * SECOND_US + microseconds;
    return true;
}


/* Takes "[  492.656714] " or "[Mon Dec  8 17:51:31 2025] ". What else stands in brackets, such as
 * "[  812]" in the list of tasks, is the kernel's own text. */
static void take_bracketed_time(struct pw_log_line *line) {
    struct pw_slice rest = line->text, inside;
    if (!pw_take_prefix(&rest, "[") || !pw_take_until(&rest, ']', &inside)) {
        return;
    }
    bool calendar =
        inside.size >= 20 && inside.data[3] == ' ' && inside.data[inside.size - 8] == ':';
    if (parse_time(inside, &line->time_us) || calendar) {
        pw_take_prefix(&rest, " ");
        line->text = rest;
    }
}


/* Takes "[  T812]" or "[    C0]", the thread or processor that wrote the line. */
static void take_caller(struct pw_slice *text) {
    struct pw_slice rest = *text, inside;
    int64_t number;
    if (!pw_take_prefix(&rest, "[") || !pw_take_until(&rest, ']', &inside)) {
        return;
    }
    inside = pw_slice_trim(inside);
    if ((pw_take_prefix(&inside, "T") || pw_take_prefix(&inside, "C")) &&
        pw_take_number(&inside, &number) && inside.size == 0) {
        pw_take_prefix(&rest, " ");
        *text = rest;
    }
}


/* Takes "<6>". */
static void take_level(struct pw_slice *text) {
    struct pw_slice rest = *text;
    int64_t level;
    if (pw_take_prefix(&rest, "<") && pw_take_number(&rest, &level) && pw_take_prefix(&rest, ">")) {
        *text = rest;
    }
}


/* Takes "2024-04-29T14:55:41,678628+02:00 ". */
static void take_iso_time(struct pw_slice *text) {
    struct pw_slice rest = *text, word;
    if (pw_take_until(&rest, ' ', &word) && word.size >= 20 && word.data[4] == '-' &&
        word.data[7] == '-' && word.data[10] == 'T' && word.data[13] == ':') {
        *text = rest;
    }
}


/* Takes "kern  :warn  : ", which dmesg --decode writes. */
static void take_decoded_level(struct pw_slice *text) {
    struct pw_slice rest = *text, level;
    if (pw_take_prefix(&rest, "kern  :") && pw_take_until(&rest, ':', &level)) {
        pw_take_prefix(&rest, " ");
        *text = rest;
    }
}


/* Takes "Nov 22 06:26:05 host kernel: ". Where dmesg wrote the line, a name in it may hold that. */
static void take_syslog_header(struct pw_slice *text) {
    struct pw_slice header = {text->data, text->size < HEADER_BYTES ? text->size : HEADER_BYTES};
    struct pw_slice rest;
    if (pw_take_prefix(text, "kernel: ") || pw_slice_starts(*text, "[") ||
        pw_slice_starts(*text, "<") || !pw_find_first(header, " kernel: ", &rest)) {
        return;
    }
    *text = pw_slice_skip(*text, header.size - rest.size);
}


void pw_parse_log_line(struct pw_slice from, char room[PW_LOG_LINE_BYTES],
                       struct pw_log_line *line) {
    if (pw_parse_log_record(from, room, line)) {
        return;
    }
    *line = (struct pw_log_line){PW_ABSENT, PW_ABSENT, true, from};
    take_decoded_level(&line->text);
    take_syslog_header(&line->text);
    take_level(&line->text);
    take_bracketed_time(line);
    take_iso_time(&line->text);
    take_caller(&line->text);
}


void pw_log_gaps_note(struct pw_log_gaps *gaps, const struct pw_log_line *line) {
    uint64_t sequence = (uint64_t)line->sequence;
    if (gaps->next_sequence && sequence > gaps->next_sequence) {
        gaps->lost += sequence - gaps->next_sequence;
    }
    gaps->next_sequence = sequence + 1;
}
