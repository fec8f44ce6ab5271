// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Damage on disk must not be served. SQLite trusts what it reads from a database file, and takes the
// first damaged frame of a write-ahead log for the log's end. This is a VFS over the system's own
// (https://sqlite.org/vfs.html, "shims") that adds two things and changes no format:
//
// - The last eight bytes of each page, which SQLite leaves free on request
//   (SQLITE_FCNTL_RESERVE_BYTES), hold a checksum of page and page number. Every read compares it.
// - A file `-synced` beside the log notes how far the log was synced. Before a store is opened for
//   writing, the log must be whole at least that far.
//
// The mark is not synced itself: what it says was true when it was written, so an old one claims
// too little and never too much.

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

/// The offset of the first damage in a database's log within what was synced; negative when there is
/// none. The database is not open.
int64_t checked_pages_log_damage(const char *database);

/// The page that the calling thread read last with a wrong checksum, counted from 1; 0 for none.
uint32_t checked_pages_last_wrong(void);

#endif
