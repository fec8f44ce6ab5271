// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The VFS: which files are checked, and when. See CheckedPages.h.

#include "CheckedPages.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

enum {
    /// Bytes at the end of each page that hold its checksum.
    reserved = 8,
    /// File control of our own: the size of the pages that are checked.
    page_size_operation = 0x57696369,
};

static _Thread_local uint32_t last_wrong;

uint32_t checked_pages_last_wrong(void) { return last_wrong; }

/// An open file; the system's own handle follows it in memory.
typedef struct checked_file {
    sqlite3_file base;
    /// Size of the pages of a database that has checksums; 0 for any other file.
    int page_size;
    int is_database;
    /// What is known of a log; NULL for any other file.
    log_mark *mark;
} checked_file;

static sqlite3_file *real(sqlite3_file *base) { return (sqlite3_file *)((checked_file *)base + 1); }

// MARK: Pages

static const uint64_t prime = 0x9E3779B185EBCA87u;

static uint64_t mixed(uint64_t sum, const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    sum = (sum ^ word) * prime;
    return sum ^ sum >> 29;
}

/// Four sums with odd multipliers, mixed: any change of up to eight neighbouring bytes shows.
static uint64_t checksum(const uint8_t *page, int size, uint64_t number) {
    uint64_t lanes[4] = {number, number ^ prime, ~number, prime};
    int place = 0;
    // In registers, side by side: with the lane computed for each word this took twice as long.
    for (; place + 32 <= size; place += 32) {
        lanes[0] = mixed(lanes[0], page + place);
        lanes[1] = mixed(lanes[1], page + place + 8);
        lanes[2] = mixed(lanes[2], page + place + 16);
        lanes[3] = mixed(lanes[3], page + place + 24);
    }
    for (int lane = 0; place < size; lane++, place += 8)
        lanes[lane] = mixed(lanes[lane], page + place);
    uint64_t sum = lanes[0];
    for (int lane = 1; lane < 4; lane++) sum = ((sum << 23 | sum >> 41) ^ lanes[lane]) * prime;
    return sum ^ sum >> 32;
}

/// Learns from a database's header whether its pages have checksums.
static void learn(checked_file *file, const uint8_t *header) {
    if (memcmp(header, "SQLite format 3", 16) != 0) return;
    int size = header[16] << 8 | header[17];
    file->page_size = header[20] == reserved ? (size == 1 ? 65536 : size) : 0;
}

static int is_page(const checked_file *file, int size, sqlite3_int64 offset) {
    return file->page_size > 0 && size == file->page_size && offset % size == 0;
}

static int is_zero(const uint8_t *bytes, int size) {
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, (size_t)size - 1) == 0;
}

static int read_method(sqlite3_file *base, void *buffer, int size, sqlite3_int64 offset) {
    checked_file *file = (checked_file *)base;
    int result = real(base)->pMethods->xRead(real(base), buffer, size, offset);
    if (result != SQLITE_OK || !file->is_database) return result;
    if (offset == 0 && size >= 100) learn(file, buffer);
    if (!is_page(file, size, offset)) return SQLITE_OK;
    int covered = size - reserved;
    uint64_t stored, number = (uint64_t)(offset / size) + 1;
    memcpy(&stored, (uint8_t *)buffer + covered, sizeof stored);
    // A page that was never written: SQLite skips free pages when it lengthens a file.
    if (stored == checksum(buffer, covered, number) || is_zero(buffer, size)) return SQLITE_OK;
    last_wrong = (uint32_t)number;
    sqlite3_log(CHECKED_PAGES_WRONG, "checksum of page %u is wrong", last_wrong);
    return CHECKED_PAGES_WRONG;
}

static int write_method(sqlite3_file *base, const void *bytes, int size, sqlite3_int64 offset) {
    checked_file *file = (checked_file *)base;
    if (file->is_database) {
        if (offset == 0 && size >= 100) learn(file, bytes);
        if (is_page(file, size, offset)) {
            // In place, as SQLite's own checksum VFS does: nobody else uses these bytes of a page.
            int covered = size - reserved;
            uint64_t sum = checksum(bytes, covered, (uint64_t)(offset / size) + 1);
            memcpy((uint8_t *)(uintptr_t)bytes + covered, &sum, sizeof sum);
        }
    }
    if (file->mark != NULL) log_mark_will_write(file->mark, offset);
    int result = real(base)->pMethods->xWrite(real(base), bytes, size, offset);
    if (result == SQLITE_OK && file->mark != NULL)
        log_mark_wrote(file->mark, bytes, size, offset);
    return result;
}

static int sync_method(sqlite3_file *base, int flags) {
    checked_file *file = (checked_file *)base;
    int result = real(base)->pMethods->xSync(real(base), flags);
    if (file->mark == NULL) return result;
    if (result == SQLITE_OK) log_mark_synced(file->mark, real(base));
    else log_mark_sync_failed(file->mark);
    return result;
}

static int truncate_method(sqlite3_file *base, sqlite3_int64 size) {
    log_mark *mark = ((checked_file *)base)->mark;
    // Where the mark still misses the log, the log stays as it is: SQLite has moved all of it and begins
    // at its start again, whether it is short or not.
    if (mark != NULL && size == 0 && log_mark_will_empty(mark) != SQLITE_OK) return SQLITE_OK;
    return real(base)->pMethods->xTruncate(real(base), size);
}

static int close_method(sqlite3_file *base) {
    checked_file *file = (checked_file *)base;
    log_mark_close(file->mark);
    file->mark = NULL;
    return real(base)->pMethods->xClose(real(base));
}

// MARK: What is handed on as it is

static int size_method(sqlite3_file *base, sqlite3_int64 *size) {
    return real(base)->pMethods->xFileSize(real(base), size);
}
static int lock_method(sqlite3_file *base, int level) {
    return real(base)->pMethods->xLock(real(base), level);
}
static int unlock_method(sqlite3_file *base, int level) {
    return real(base)->pMethods->xUnlock(real(base), level);
}
static int reserved_method(sqlite3_file *base, int *answer) {
    return real(base)->pMethods->xCheckReservedLock(real(base), answer);
}
static int control_method(sqlite3_file *base, int operation, void *argument) {
    if (operation == page_size_operation) {
        *(int *)argument = ((checked_file *)base)->page_size;
        return SQLITE_OK;
    }
    return real(base)->pMethods->xFileControl(real(base), operation, argument);
}
static int sector_method(sqlite3_file *base) {
    return real(base)->pMethods->xSectorSize(real(base));
}
static int characteristics_method(sqlite3_file *base) {
    return real(base)->pMethods->xDeviceCharacteristics(real(base));
}
static int map_method(sqlite3_file *base, int region, int size, int extend, void volatile **result) {
    return real(base)->pMethods->xShmMap(real(base), region, size, extend, result);
}
static int memory_lock_method(sqlite3_file *base, int offset, int count, int flags) {
    return real(base)->pMethods->xShmLock(real(base), offset, count, flags);
}
static void barrier_method(sqlite3_file *base) { real(base)->pMethods->xShmBarrier(real(base)); }
static int unmap_method(sqlite3_file *base, int deletes) {
    return real(base)->pMethods->xShmUnmap(real(base), deletes);
}

/// Version 2: without memory mapping, which would pass the checks by.
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = close_method,
    .xRead = read_method,
    .xWrite = write_method,
    .xTruncate = truncate_method,
    .xSync = sync_method,
    .xFileSize = size_method,
    .xLock = lock_method,
    .xUnlock = unlock_method,
    .xCheckReservedLock = reserved_method,
    .xFileControl = control_method,
    .xSectorSize = sector_method,
    .xDeviceCharacteristics = characteristics_method,
    .xShmMap = map_method,
    .xShmLock = memory_lock_method,
    .xShmBarrier = barrier_method,
    .xShmUnmap = unmap_method,
};

// MARK: The VFS

static int open_method(
    sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *out_flags
) {
    (void)vfs;
    sqlite3_vfs *system = system_vfs();
    checked_file *file = (checked_file *)base;
    memset(file, 0, sizeof *file);
    int result = system->xOpen(system, name, real(base), flags, out_flags);
    if (result != SQLITE_OK) return result;
    file->is_database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
    if ((flags & SQLITE_OPEN_WAL) && name != NULL) file->mark = log_mark_make(name);
    base->pMethods = &methods;
    return SQLITE_OK;
}

static int delete_method(sqlite3_vfs *vfs, const char *name, int syncs_folder) {
    (void)vfs;
    size_t length = strlen(name);
    char mark[longest_name + 16];
    if (length > 4 && strcmp(name + length - 4, "-wal") == 0 && log_mark_name(mark, name)) {
        int result = log_mark_clear(mark);
        if (result != SQLITE_OK) return result;
    }
    sqlite3_vfs *system = system_vfs();
    return system->xDelete(system, name, syncs_folder);
}

static int registered;
static sqlite3_vfs shim;

static void register_once(void) {
    const sqlite3_vfs *system = system_vfs();
    if (system == NULL) {
        registered = SQLITE_ERROR;
        return;
    }
    // Every other method is the system's, which takes nothing from the VFS that it is called with.
    shim = *system;
    shim.zName = "checked-pages";
    shim.szOsFile = (int)sizeof(checked_file) + system->szOsFile;
    shim.pNext = NULL;
    shim.xOpen = open_method;
    shim.xDelete = delete_method;
    registered = sqlite3_vfs_register(&shim, 1);
}

int checked_pages_register(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, register_once);
    return registered;
}

void checked_pages_reserve(sqlite3 *database) {
    int bytes = reserved;
    sqlite3_file_control(database, "main", SQLITE_FCNTL_RESERVE_BYTES, &bytes);
}

int checked_pages_size(sqlite3 *database) {
    int size = 0;
    sqlite3_file_control(database, "main", page_size_operation, &size);
    return size;
}
