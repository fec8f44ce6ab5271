// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A file's two contents, and what becomes of writes that no sync has followed.

#include <stdlib.h>
#include <string.h>

#include "internal.h"

enum { sector = 512 };

int image_resize(image *image, int64_t size) {
    if (size > image->capacity) {
        int64_t capacity = size + size / 2 + 4096;
        uint8_t *bytes = realloc(image->bytes, (size_t)capacity);
        if (bytes == NULL) return 0;
        image->bytes = bytes;
        image->capacity = capacity;
    }
    if (size > image->size) memset(image->bytes + image->size, 0, (size_t)(size - image->size));
    image->size = size;
    return 1;
}

static int image_write(image *image, const void *bytes, int64_t size, int64_t offset) {
    if (offset + size > image->size && !image_resize(image, offset + size)) return 0;
    if (size > 0) memcpy(image->bytes + offset, bytes, (size_t)size);
    return 1;
}

int image_copy(image *to, const image *from) {
    return image_resize(to, 0) && image_write(to, from->bytes, from->size, 0);
}

// MARK: Writing

void file_drop_pending(disk_file *file) {
    while (file->first != NULL) {
        pending *next = file->first->next;
        free(file->first);
        file->first = next;
    }
    file->last = NULL;
}

static int remember(disk_file *file, const void *bytes, int64_t size, int64_t offset, int truncation) {
    pending *one = malloc(sizeof *one + (size_t)size);
    if (one == NULL) return 0;
    one->next = NULL;
    one->offset = offset;
    one->size = size;
    one->is_truncation = truncation;
    if (size > 0) memcpy(one->bytes, bytes, (size_t)size);
    if (file->last == NULL) file->first = one;
    else file->last->next = one;
    file->last = one;
    return 1;
}

int file_write(disk_file *file, const void *bytes, int64_t size, int64_t offset) {
    fault_disk *disk = file->disk;
    disk->counters.writes += 1;
    if (!disk_runs(disk)) return SQLITE_IOERR_WRITE;
    int64_t growth = offset + size - file->cache.size;
    if (disk->room >= 0 && growth > 0) {
        if (growth > disk->room) {
            disk->counters.full += 1;
            return SQLITE_FULL;
        }
        disk->room -= growth;
    }
    if (!remember(file, bytes, size, offset, 0)
        || !image_write(&file->cache, bytes, size, offset))
        return SQLITE_IOERR_NOMEM;
    for (flip *one = file->flips; one != NULL; one = one->next) {
        if (one->offset >= offset && one->offset < offset + size) one->in_cache = 0;
    }
    return SQLITE_OK;
}

int file_truncate(disk_file *file, int64_t size) {
    file->disk->counters.writes += 1;
    if (!disk_runs(file->disk)) return SQLITE_IOERR_TRUNCATE;
    if (!remember(file, NULL, 0, size, 1) || !image_resize(&file->cache, size))
        return SQLITE_IOERR_NOMEM;
    for (flip *one = file->flips; one != NULL; one = one->next) {
        if (one->offset >= size) one->in_cache = 0;
    }
    return SQLITE_OK;
}

/// Writes one pending write, or some of its sectors, to the medium.
static void apply(disk_file *file, const pending *one, fault_disk_fate fate) {
    fault_disk *disk = file->disk;
    int survives = fate == FAULT_DISK_KEEP || (fate != FAULT_DISK_LOSE && (disk_random(disk) & 1));
    if (one->is_truncation) {
        if (survives) image_resize(&file->medium, one->offset);
        return;
    }
    if (fate != FAULT_DISK_TEAR || one->size <= sector) {
        if (survives) image_write(&file->medium, one->bytes, one->size, one->offset);
        if (survives) disk->counters.survived += 1;
        else disk->counters.lost += 1;
        return;
    }
    int written = 0, dropped = 0;
    for (int64_t start = 0; start < one->size; start += sector) {
        int64_t length = one->size - start < sector ? one->size - start : sector;
        if (disk_random(disk) & 1) {
            image_write(&file->medium, one->bytes + start, length, one->offset + start);
            written = 1;
        } else {
            dropped = 1;
        }
    }
    if (written && dropped) disk->counters.torn += 1;
    else if (written) disk->counters.survived += 1;
    else disk->counters.lost += 1;
}

void file_settle(disk_file *file, fault_disk_fate fate) {
    uint64_t survived = file->disk->counters.survived;
    for (pending *one = file->first; one != NULL; one = one->next) apply(file, one, fate);
    if (fate == FAULT_DISK_KEEP) file->disk->counters.survived = survived;
    file_drop_pending(file);
}

int file_sync(disk_file *file) {
    fault_disk *disk = file->disk;
    disk->counters.syncs += 1;
    if (!disk_runs(disk)) return SQLITE_IOERR_FSYNC;
    if (disk->ignores_syncs) return SQLITE_OK;
    if (disk->failing_syncs > 0) {
        disk->failing_syncs -= 1;
        disk->counters.failed_syncs += 1;
        fault_disk_counters counters = disk->counters;
        file_settle(file, FAULT_DISK_TEAR);
        disk->counters = counters;
        return SQLITE_IOERR_FSYNC;
    }
    file_settle(file, FAULT_DISK_KEEP);
    file->is_durable = 1;
    for (flip *one = file->flips; one != NULL; one = one->next) one->on_medium &= one->in_cache;
    return SQLITE_OK;
}

void file_remove(disk_file *file, int is_durable) {
    file->exists = 0;
    file_drop_pending(file);
    image_resize(&file->cache, 0);
    for (flip *one = file->flips; one != NULL; one = one->next) one->in_cache = 0;
    if (!is_durable) return;
    file->is_durable = 0;
    image_resize(&file->medium, 0);
    for (flip *one = file->flips; one != NULL; one = one->next) one->on_medium = 0;
}
