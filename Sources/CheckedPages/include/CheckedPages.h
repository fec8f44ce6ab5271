// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Damage on disk must not be served. SQLite trusts what it reads from a database file, and takes the
// first damaged frame of a write-ahead log for the log's end. This is a VFS over the system's own
// (https://sqlite.org/vfs.html, "shims") that adds two things and changes no format:
//
// - The last eight bytes of each page, which SQLite leaves free on request
//   (SQLITE_FCNTL_RESERVE_BYTES), hold a checksum of page and page number. Every read compares it.
// - A file `-synced` beside the log notes how far the log was synced. Before a store is opened for
//   writing, the log must be there and whole at least that far.
//
// The mark is synced only when a store is opened and before its log is emptied or removed: what it says was true when it was written, so an old one
// claims too little and never too much. Where a power cut took it away, the log itself says more: no
// transaction is begun before the one ahead of it is synced, so damage with a transaction behind it is
// damage. What is left is a last transaction that is damaged between its sync and the next opening, with
// a power cut in between: that looks like one that was never synced.
//
// A sync that fails leaves on Linux what it did not write in the page cache, and clean: programs see it,
// the next sync does not write it, and a power cut takes it away (Rebello and others, "Can Applications
// Recover from fsync Failures?", USENIX ATC 2020). A program that starts again on the same machine
// would build on such a log, and whatever it adds lies behind the gap. So what the mark does not vouch
// for is written once more and synced before SQLite believes it.

#ifndef WICI_CHECKED_PAGES_H
#define WICI_CHECKED_PAGES_H

#include <stdint.h>

struct sqlite3;

/// Result code of a read whose checksum is wrong: SQLITE_IOERR_DATA.
enum { CHECKED_PAGES_WRONG = 8202 };

/// Registers the VFS over the present default and as the new one; later calls do nothing. An SQLite
/// result code.
int checked_pages_register(void);

/// Leaves room for a checksum in every page; without effect on a database that has pages.
void checked_pages_reserve(struct sqlite3 *database);

/// Size of a database's pages when they are checked; 0 for a database without checksums.
int checked_pages_size(struct sqlite3 *database);

/// The file that SQLite opens for a path: absolute, links followed, also where there is none yet. An
/// SQLite result code; `full` has room for `size` bytes.
int checked_pages_full_path(const char *path, char *full, int size);

/// Makes a database's log as durable as it looks, before whoever alone writes to it opens it; an
/// SQLite result code. `damage` becomes the offset of the first damage within what was synced, or
/// negative when there is none.
int checked_pages_secure_log(const char *database, int64_t *damage);

/// The page that the calling thread read last with a wrong checksum, counted from 1; 0 for none.
uint32_t checked_pages_last_wrong(void);

#endif
