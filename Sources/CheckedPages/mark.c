// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The log's mark: a file beside it that says how far it was synced. It is written after every sync of
// the log, and on disk itself from the next opening on.

#include <stdlib.h>
#include <string.h>

#include "internal.h"

// MARK: The record: a word, the log's salts, how far it was synced, a checksum

enum { record_size = 32 };

static const uint8_t word[8] = {'w', 'i', 'c', 'i', 's', 'y', 'n', 'c'};

static uint64_t record_checksum(const uint8_t *record) {
    uint64_t sum = 0xCBF29CE484222325u;
    for (int place = 0; place < record_size - 8; place++) sum = (sum ^ record[place]) * 0x100000001B3u;
    return sum;
}

static int write_record(sqlite3_file *file, const uint8_t *salts, sqlite3_int64 end) {
    uint8_t record[record_size];
    memcpy(record, word, 8);
    memcpy(record + 8, salts, 8);
    memcpy(record + 16, &end, 8);
    uint64_t sum = record_checksum(record);
    memcpy(record + 24, &sum, 8);
    return file->pMethods->xWrite(file, record, record_size, 0);
}

int log_mark_name(char *name, const char *log) {
    size_t length = strlen(log);
    if (length < 4 || length > longest_name) return 0;
    // The log's name ends in "-wal".
    memcpy(name, log, length - 4);
    strcpy(name + length - 4, "-synced");
    return 1;
}

/// Reads the record of this name; whether there is a whole one.
static int read_record(const char *name, uint8_t *record) {
    sqlite3_file *file = system_open(name, SQLITE_OPEN_READWRITE);
    if (file == NULL) return 0;
    uint64_t sum;
    int is_read = file->pMethods->xRead(file, record, record_size, 0) == SQLITE_OK;
    system_close(file);
    memcpy(&sum, record + 24, 8);
    return is_read && memcmp(record, word, 8) == 0 && sum == record_checksum(record);
}

static sqlite3_int64 record_end(const uint8_t *record) {
    sqlite3_int64 end;
    memcpy(&end, record + 16, 8);
    return end;
}

sqlite3_int64 log_mark_read(const char *name, const uint8_t *salts) {
    uint8_t record[record_size];
    if (!read_record(name, record) || memcmp(record + 8, salts, 8) != 0) return 0;
    return record_end(record);
}

int log_mark_expects_log(const char *name) {
    uint8_t record[record_size];
    return read_record(name, record) && record_end(record) > 0;
}

int log_mark_clear(const char *name) {
    static const uint8_t none[8];
    if (!log_mark_expects_log(name)) return SQLITE_OK;
    sqlite3_file *file = system_open(name, SQLITE_OPEN_READWRITE);
    if (file == NULL) return SQLITE_CANTOPEN;
    int result = write_record(file, none, 0);
    if (result == SQLITE_OK) result = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
    system_close(file);
    return result;
}

int log_mark_note(const char *name, const uint8_t *salts, sqlite3_int64 end) {
    sqlite3_file *file = system_open(name, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    if (file == NULL) return SQLITE_OK;
    // On a full disk the store can be opened and read all the same.
    int result = SQLITE_OK;
    if (write_record(file, salts, end) == SQLITE_OK)
        result = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
    system_close(file);
    return result;
}

// MARK: While the store is open

struct log_mark {
    char *name;
    sqlite3_file *file;
    uint8_t salts[8];
    int knows_salts;
    /// Where the page of a frame begins that ends a transaction, until that page is written.
    sqlite3_int64 ending;
    /// Where the last written frame that ends a transaction ends.
    sqlite3_int64 committed;
    /// Where the log ends by the mark on disk.
    sqlite3_int64 marked;
};

log_mark *log_mark_make(const char *log) {
    char name[longest_name + 16];
    if (!log_mark_name(name, log)) return NULL;
    log_mark *mark = calloc(1, sizeof *mark);
    if (mark == NULL) return NULL;
    mark->name = strdup(name);
    if (mark->name == NULL) {
        free(mark);
        return NULL;
    }
    return mark;
}

static void take_header(log_mark *mark, const uint8_t *header) {
    memcpy(mark->salts, header + 16, 8);
    mark->knows_salts = 1;
    mark->marked = 0;
}

void log_mark_wrote(log_mark *mark, const void *bytes, int size, sqlite3_int64 offset) {
    if (offset == 0 && size == log_header) {
        take_header(mark, bytes);
        mark->committed = 0;
        return;
    }
    if (size == frame_header) {
        int ends_transaction = log_number((const uint8_t *)bytes + 4) != 0;
        mark->ending = ends_transaction ? offset + frame_header : 0;
    } else if (mark->ending != 0 && offset == mark->ending) {
        mark->committed = offset + size;
        mark->ending = 0;
    }
}

static void note(log_mark *mark, sqlite3_int64 end) {
    // A mark that cannot be written claims less than it might; the store is none the worse.
    (void)write_record(mark->file, mark->salts, end);
    mark->marked = end;
}

void log_mark_will_write(log_mark *mark, sqlite3_int64 offset) {
    // After a commit whose sync failed, SQLite writes over what may have been synced later.
    if (offset > 0 && offset < mark->marked) note(mark, offset);
}

void log_mark_synced(log_mark *mark, sqlite3_file *log) {
    if (mark->committed == 0) return;
    if (!mark->knows_salts) {
        uint8_t header[log_header];
        if (log->pMethods->xRead(log, header, log_header, 0) != SQLITE_OK) return;
        take_header(mark, header);
    }
    if (mark->file == NULL) {
        mark->file = system_open(mark->name, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
        if (mark->file == NULL) return;
    }
    note(mark, mark->committed);
}

int log_mark_will_empty(log_mark *mark) {
    mark->knows_salts = 0;
    mark->ending = mark->committed = mark->marked = 0;
    return log_mark_clear(mark->name);
}

void log_mark_sync_failed(log_mark *mark) {
    // What the system could not write it forgets: the next sync succeeds without it.
    mark->committed = mark->marked;
    mark->ending = 0;
}

void log_mark_close(log_mark *mark) {
    if (mark == NULL) return;
    system_close(mark->file);
    free(mark->name);
    free(mark);
}
