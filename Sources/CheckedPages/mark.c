// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The log's mark: written after every sync, compared before the store is opened, and on disk itself from
// then on. The log's format is https://sqlite.org/fileformat.html#the_write_ahead_log.

#include <stdlib.h>
#include <string.h>

#include "CheckedPages.h"
#include "internal.h"

enum { log_header = 32, frame_header = 24, record_size = 32, longest_name = 1024 };

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

static uint32_t big_endian(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/// Opens a file by the system's VFS; NULL when that fails.
static sqlite3_file *opened(const char *name, int flags) {
    sqlite3_file *file = calloc(1, (size_t)checked_real->szOsFile);
    if (file == NULL) return NULL;
    if (checked_real->xOpen(checked_real, name, file, flags | SQLITE_OPEN_WAL, NULL) == SQLITE_OK)
        return file;
    if (file->pMethods != NULL) file->pMethods->xClose(file);
    free(file);
    return NULL;
}

static void closed(sqlite3_file *file) {
    if (file == NULL) return;
    file->pMethods->xClose(file);
    free(file);
}

// MARK: The record: a word, the log's salts, how far it was synced, a checksum

static const uint8_t word[8] = {'w', 'i', 'c', 'i', 's', 'y', 'n', 'c'};

static uint64_t record_checksum(const uint8_t *record) {
    uint64_t sum = 0xCBF29CE484222325u;
    for (int place = 0; place < record_size - 8; place++) sum = (sum ^ record[place]) * 0x100000001B3u;
    return sum;
}

static void encode(uint8_t *record, const uint8_t *salts, uint64_t end) {
    memcpy(record, word, 8);
    memcpy(record + 8, salts, 8);
    memcpy(record + 16, &end, 8);
    uint64_t sum = record_checksum(record);
    memcpy(record + 24, &sum, 8);
}

/// How far the mark says that the log with these salts was synced; 0 when it says nothing of it.
static uint64_t synced_end(const char *name, const uint8_t *salts) {
    sqlite3_file *file = opened(name, SQLITE_OPEN_READWRITE);
    if (file == NULL) return 0;
    uint8_t record[record_size];
    uint64_t end = 0, sum;
    int is_read = file->pMethods->xRead(file, record, record_size, 0) == SQLITE_OK;
    closed(file);
    memcpy(&sum, record + 24, 8);
    if (!is_read || memcmp(record, word, 8) != 0 || sum != record_checksum(record)) return 0;
    if (memcmp(record + 8, salts, 8) == 0) memcpy(&end, record + 16, 8);
    return end;
}

// MARK: While the store is open

log_mark *log_mark_make(const char *log) {
    size_t length = strlen(log);
    if (length < 4 || length > longest_name) return NULL;
    log_mark *mark = calloc(1, sizeof *mark);
    if (mark == NULL) return NULL;
    mark->name = malloc(length + sizeof "-synced");
    if (mark->name == NULL) {
        free(mark);
        return NULL;
    }
    // The log's name ends in "-wal".
    memcpy(mark->name, log, length - 4);
    strcpy(mark->name + length - 4, "-synced");
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
        int ends_transaction = big_endian((const uint8_t *)bytes + 4) != 0;
        mark->ending = ends_transaction ? offset + frame_header : 0;
    } else if (mark->ending != 0 && offset == mark->ending) {
        mark->committed = offset + size;
        mark->ending = 0;
    }
}

static void write_record(log_mark *mark, sqlite3_int64 end) {
    uint8_t record[record_size];
    encode(record, mark->salts, (uint64_t)end);
    // A mark that cannot be written claims less than it might; the store is none the worse.
    (void)mark->file->pMethods->xWrite(mark->file, record, record_size, 0);
    mark->marked = end;
}

void log_mark_will_write(log_mark *mark, sqlite3_int64 offset) {
    // After a commit whose sync failed, SQLite writes over what may have been synced later.
    if (offset > 0 && offset < mark->marked) write_record(mark, offset);
}

void log_mark_synced(log_mark *mark, sqlite3_file *log) {
    if (mark->committed == 0) return;
    if (!mark->knows_salts) {
        uint8_t header[log_header];
        if (log->pMethods->xRead(log, header, log_header, 0) != SQLITE_OK) return;
        take_header(mark, header);
    }
    if (mark->file == NULL) {
        mark->file = opened(mark->name, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
        if (mark->file == NULL) return;
    }
    write_record(mark, mark->committed);
}

void log_mark_sync_failed(log_mark *mark) {
    // What the system could not write it forgets: the next sync succeeds without it.
    mark->committed = mark->marked;
    mark->ending = 0;
}

void log_mark_close(log_mark *mark) {
    if (mark == NULL) return;
    closed(mark->file);
    free(mark->name);
    free(mark);
}

// MARK: Before the store is opened

/// SQLite's running checksum of a log.
static void run(uint32_t *sums, const uint8_t *bytes, int size, int is_big_endian) {
    for (int place = 0; place < size; place += 8) {
        uint32_t words[2];
        if (is_big_endian) {
            words[0] = big_endian(bytes + place);
            words[1] = big_endian(bytes + place + 4);
        } else {
            for (int half = 0; half < 2; half++) {
                const uint8_t *at = bytes + place + 4 * half;
                words[half] = (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8
                    | at[0];
            }
        }
        sums[0] += words[0] + sums[1];
        sums[1] += words[1] + sums[0];
    }
}

/// A log while it is compared with its own checksums.
typedef struct log_walk {
    sqlite3_file *log;
    uint8_t salts[8];
    int is_big_endian;
    int page_size;
    /// One frame.
    uint8_t *frame;
} log_walk;

static int frame_size(const log_walk *walk) { return frame_header + walk->page_size; }

static int read_frame(const log_walk *walk, sqlite3_int64 offset) {
    return walk->log->pMethods->xRead(walk->log, walk->frame, frame_size(walk), offset) == SQLITE_OK;
}

/// Whether the frame continues a log whose running checksum is `sums`, which then covers it too.
static int continues(const log_walk *walk, uint32_t *sums) {
    const uint8_t *frame = walk->frame;
    run(sums, frame, 8, walk->is_big_endian);
    run(sums, frame + frame_header, walk->page_size, walk->is_big_endian);
    return memcmp(frame + 8, walk->salts, 8) == 0 && big_endian(frame + 16) == sums[0]
        && big_endian(frame + 20) == sums[1];
}

/// Whether another transaction follows the one with the frame at `offset`, which does not continue the
/// log though it should have `sums`. SQLite begins none before the one ahead is synced, so that frame was
/// whole on disk. Every frame says the running checksum: those behind the damage can be compared.
static int is_followed(const log_walk *walk, uint32_t *sums, sqlite3_int64 offset) {
    // A disk that writes a sector to change a byte has commits padded with copies of their last frame.
    if (!(walk->log->pMethods->xDeviceCharacteristics(walk->log) & SQLITE_IOCAP_POWERSAFE_OVERWRITE))
        return 0;
    uint32_t said[2] = {0, 0};
    int ends_transaction = 0, size = frame_size(walk);
    for (sqlite3_int64 place = offset; read_frame(walk, place); place += size) {
        if (ends_transaction && continues(walk, said)) return 1;
        // The damage may be in what the frame says.
        if (ends_transaction && place == offset + size && continues(walk, sums)) return 1;
        said[0] = big_endian(walk->frame + 16);
        said[1] = big_endian(walk->frame + 20);
        ends_transaction = big_endian(walk->frame + 4) != 0
            && (place == offset || memcmp(walk->frame + 8, walk->salts, 8) == 0);
    }
    return 0;
}

/// Compares the frames with the log's checksums, as SQLite does, and makes those durable that it will
/// believe and the mark, which ends at `end`, does not vouch for. `committed` becomes the end of the last
/// whole transaction, `damage` the offset of the first frame that was synced and does not continue the
/// log; without one it stays as it is.
static int secure(
    const log_walk *walk, uint32_t *sums, sqlite3_int64 end, sqlite3_int64 *committed, int64_t *damage
) {
    sqlite3_file *log = walk->log;
    int size = frame_size(walk), is_written = 0, result = SQLITE_OK;
    sqlite3_int64 offset = log_header;
    *committed = 0;
    while (read_frame(walk, offset) && continues(walk, sums)) {
        if (offset + size > end) {
            result = log->pMethods->xWrite(log, walk->frame, size, offset);
            if (result != SQLITE_OK) return result;
            is_written = 1;
        }
        offset += size;
        if (big_endian(walk->frame + 4) != 0) *committed = offset;
    }
    if (offset + size <= end || is_followed(walk, sums, offset)) *damage = offset;
    return is_written ? log->pMethods->xSync(log, SQLITE_SYNC_NORMAL) : SQLITE_OK;
}

/// Notes durably how far the log is on disk.
static int note(const char *name, const uint8_t *salts, sqlite3_int64 end) {
    sqlite3_file *file = opened(name, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    if (file == NULL) return SQLITE_OK;
    uint8_t record[record_size];
    encode(record, salts, (uint64_t)end);
    // On a full disk the store can be opened and read all the same.
    int result = SQLITE_OK;
    if (file->pMethods->xWrite(file, record, record_size, 0) == SQLITE_OK)
        result = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
    closed(file);
    return result;
}

/// Secures a log with this header, and notes how far it goes.
static int secure_whole(
    sqlite3_file *log, const uint8_t *header, const char *mark, int64_t *damage
) {
    uint32_t sums[2] = {0, 0};
    log_walk walk = {.log = log, .is_big_endian = header[3] & 1};
    run(sums, header, log_header - 8, walk.is_big_endian);
    uint32_t page_size = big_endian(header + 8);
    if (sums[0] != big_endian(header + 24) || sums[1] != big_endian(header + 28)
        || page_size < 512 || page_size > 65536) {
        *damage = 0;
        return SQLITE_OK;
    }
    walk.page_size = (int)page_size;
    memcpy(walk.salts, header + 16, 8);
    walk.frame = malloc((size_t)frame_size(&walk));
    if (walk.frame == NULL) return SQLITE_NOMEM;
    sqlite3_int64 end = (sqlite3_int64)synced_end(mark, walk.salts), committed = 0;
    int result = secure(&walk, sums, end, &committed, damage);
    free(walk.frame);
    if (result != SQLITE_OK || *damage >= 0 || committed == 0) return result;
    return note(mark, walk.salts, committed);
}

int checked_pages_secure_log(const char *database, int64_t *damage) {
    char name[longest_name + 16];
    *damage = -1;
    int result = checked_pages_register();
    if (result != SQLITE_OK || strlen(database) > longest_name) return result;
    strcpy(name, database);
    strcat(name, "-wal");
    int exists = 0;
    if (checked_real->xAccess(checked_real, name, SQLITE_ACCESS_EXISTS, &exists) || !exists)
        return SQLITE_OK;
    sqlite3_file *log = opened(name, SQLITE_OPEN_READWRITE);
    if (log == NULL) return SQLITE_OK;
    uint8_t header[log_header];
    sqlite3_int64 size = 0;
    strcpy(name, database);
    strcat(name, "-synced");
    // A log that has frames has a header: SQLite syncs it before the first of them.
    if (log->pMethods->xFileSize(log, &size) == SQLITE_OK && size > log_header
        && log->pMethods->xRead(log, header, log_header, 0) == SQLITE_OK)
        result = secure_whole(log, header, name, damage);
    closed(log);
    return result;
}
