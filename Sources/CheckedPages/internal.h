// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What the VFS (CheckedPages.c) asks of the log's mark (mark.c).

#ifndef WICI_CHECKED_PAGES_INTERNAL_H
#define WICI_CHECKED_PAGES_INTERNAL_H

#include <sqlite3.h>

/// The system's own VFS.
extern sqlite3_vfs *checked_real;

/// How far one log was written and synced.
typedef struct log_mark log_mark;

/// Makes the mark of a log by the log's name; NULL without memory, and then nothing is noted.
log_mark *log_mark_make(const char *log);

/// Takes back what is about to be written over.
void log_mark_will_write(log_mark *mark, sqlite3_int64 offset);

/// Takes notice of a write to the log.
void log_mark_wrote(log_mark *mark, const void *bytes, int size, sqlite3_int64 offset);

/// Notes in the mark's file how far the log is on disk now.
void log_mark_synced(log_mark *mark, sqlite3_file *log);

/// Takes back what was written since the last sync: that one failed.
void log_mark_sync_failed(log_mark *mark);

void log_mark_close(log_mark *mark);

#endif
