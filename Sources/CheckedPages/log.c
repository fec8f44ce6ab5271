// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A log before its store is opened: compared with its own checksums and with its mark, and made as durable
// as it looks. Its format is https://sqlite.org/fileformat.html#the_write_ahead_log.

#include <stdlib.h>
#include <string.h>

#include "CheckedPages.h"
#include "internal.h"

/// SQLite's running checksum of a log.
static void run(uint32_t *sums, const uint8_t *bytes, int size, int is_big_endian) {
    for (int place = 0; place < size; place += 8) {
        uint32_t words[2];
        if (is_big_endian) {
            words[0] = log_number(bytes + place);
            words[1] = log_number(bytes + place + 4);
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
    return memcmp(frame + 8, walk->salts, 8) == 0 && log_number(frame + 16) == sums[0]
        && log_number(frame + 20) == sums[1];
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
        said[0] = log_number(walk->frame + 16);
        said[1] = log_number(walk->frame + 20);
        ends_transaction = log_number(walk->frame + 4) != 0
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
        if (log_number(walk->frame + 4) != 0) *committed = offset;
    }
    if (offset + size <= end || is_followed(walk, sums, offset)) *damage = offset;
    return is_written ? log->pMethods->xSync(log, SQLITE_SYNC_NORMAL) : SQLITE_OK;
}

/// Secures a log with this header, and notes how far it goes.
static int secure_whole(
    sqlite3_file *log, const uint8_t *header, const char *mark, int64_t *damage
) {
    uint32_t sums[2] = {0, 0};
    log_walk walk = {.log = log, .is_big_endian = header[3] & 1};
    run(sums, header, log_header - 8, walk.is_big_endian);
    uint32_t page_size = log_number(header + 8);
    if (sums[0] != log_number(header + 24) || sums[1] != log_number(header + 28)
        || page_size < 512 || page_size > 65536) {
        *damage = 0;
        return SQLITE_OK;
    }
    walk.page_size = (int)page_size;
    memcpy(walk.salts, header + 16, 8);
    walk.frame = malloc((size_t)frame_size(&walk));
    if (walk.frame == NULL) return SQLITE_NOMEM;
    sqlite3_int64 end = log_mark_read(mark, walk.salts), committed = 0;
    int result = secure(&walk, sums, end, &committed, damage);
    free(walk.frame);
    if (result != SQLITE_OK || *damage >= 0 || committed == 0) return result;
    return log_mark_note(mark, walk.salts, committed);
}

int checked_pages_secure_log(const char *database, int64_t *damage) {
    char name[longest_name + 16], mark[longest_name + 16];
    *damage = -1;
    if (system_vfs() == NULL) return SQLITE_ERROR;
    if (strlen(database) > longest_name - 4) return SQLITE_OK;
    strcpy(name, database);
    strcat(name, "-wal");
    log_mark_name(mark, name);
    sqlite3_file *log = system_open(name, SQLITE_OPEN_READWRITE);
    uint8_t header[log_header];
    sqlite3_int64 size = 0;
    int result = SQLITE_OK;
    // A log that has frames has a header: SQLite syncs it before the first of them.
    if (log != NULL && log->pMethods->xFileSize(log, &size) == SQLITE_OK && size > log_header
        && log->pMethods->xRead(log, header, log_header, 0) == SQLITE_OK)
        result = secure_whole(log, header, mark, damage);
    // What was acknowledged is gone with it, though the rest of the store looks whole.
    else if (log_mark_expects_log(mark)) *damage = 0;
    system_close(log);
    return result;
}
