// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What the files here ask of each other: the VFS (CheckedPages.c) and the check of a log (log.c) of the
// log's mark (mark.c), and all of the system's own VFS (system.c).

#ifndef WICI_CHECKED_PAGES_INTERNAL_H
#define WICI_CHECKED_PAGES_INTERNAL_H

#include <sqlite3.h>
#include <stdint.h>

/// The system's own VFS; NULL when there is none.
sqlite3_vfs *system_vfs(void);

/// Opens a file by it; NULL when that fails.
sqlite3_file *system_open(const char *name, int flags);

void system_close(sqlite3_file *file);

enum {
    /// Bytes at the start of a log.
    log_header = 32,
    /// Bytes before the page of each frame.
    frame_header = 24,
    /// Bytes of a store's name; the mark of a longer one is not kept.
    longest_name = 1024,
};

/// A number as a log keeps its own.
static inline uint32_t log_number(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/// Writes the name of the mark of the log with this name, which needs `longest_name` and some; whether
/// it has one.
int log_mark_name(char *name, const char *log);

/// How far the mark of this name says that the log with these salts was synced; 0 when it says nothing.
sqlite3_int64 log_mark_read(const char *name, const uint8_t *salts);

/// Whether the mark of this name says that there is a log, of whatever salts, with something in it.
int log_mark_expects_log(const char *name);

/// Notes durably in the mark of this name that no log is missed: before one is removed.
int log_mark_clear(const char *name);

/// Notes durably in the mark of this name how far the log with these salts is on disk.
int log_mark_note(const char *name, const uint8_t *salts, sqlite3_int64 end);

/// How far one log was written and synced, while its store is open.
typedef struct log_mark log_mark;

/// Makes the mark of a log by the log's name; NULL without memory, and then nothing is noted.
log_mark *log_mark_make(const char *log);

/// Takes back what is about to be written over.
void log_mark_will_write(log_mark *mark, sqlite3_int64 offset);

/// Takes notice of a write to the log.
void log_mark_wrote(log_mark *mark, const void *bytes, int size, sqlite3_int64 offset);

/// Notes in the mark's file how far the log is on disk now.
void log_mark_synced(log_mark *mark, sqlite3_file *log);

/// Notes durably that no log is missed, and forgets this one.
int log_mark_will_empty(log_mark *mark);

/// Takes back what was written since the last sync: that one failed.
void log_mark_sync_failed(log_mark *mark);

void log_mark_close(log_mark *mark);

#endif
