// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Files with two contents: what programs see and what is on the medium. See FaultDisk.h.

#include <stdlib.h>
#include <string.h>

#include "internal.h"

static fault_disk *disks;

// MARK: Disks

/// splitmix64, so that a run can be played again from its seed.
uint64_t disk_random(fault_disk *disk) {
    uint64_t value = disk->random += 0x9E3779B97F4A7C15u;
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
    return value ^ (value >> 31);
}

fault_disk *fault_disk_make(const char *folder, uint64_t seed) {
    fault_disk *disk = calloc(1, sizeof *disk);
    if (disk == NULL) return NULL;
    disk->folder = strdup(folder);
    if (disk->folder == NULL) {
        free(disk);
        return NULL;
    }
    disk->random = seed;
    disk->room = -1;
    disk->operations_left = UINT64_MAX;
    disk->next = disks;
    disks = disk;
    return disk;
}

fault_disk *disk_of_path(const char *path) {
    for (fault_disk *disk = disks; disk != NULL; disk = disk->next) {
        size_t length = strlen(disk->folder);
        if (strncmp(path, disk->folder, length) == 0 && path[length] == '/') return disk;
    }
    return NULL;
}

void memory_release(shared_memory *memory) {
    if (memory == NULL || --memory->references > 0) return;
    for (int region = 0; region < memory->region_count; region++) free(memory->regions[region]);
    free(memory->regions);
    free(memory);
}

void disk_release(fault_disk *disk) {
    if (!disk->is_freed || disk->handles > 0) return;
    while (disk->files != NULL) {
        disk_file *file = disk->files;
        disk->files = file->next;
        file_drop_pending(file);
        while (file->flips != NULL) {
            flip *next = file->flips->next;
            free(file->flips);
            file->flips = next;
        }
        memory_release(file->memory);
        free(file->cache.bytes);
        free(file->medium.bytes);
        free(file->name);
        free(file);
    }
    free(disk->folder);
    free(disk);
}

void fault_disk_free(fault_disk *disk) {
    fault_disk **place = &disks;
    while (*place != disk) place = &(*place)->next;
    *place = disk->next;
    disk->is_freed = 1;
    disk->is_stopped = 1;
    disk->life += 1;
    disk_release(disk);
}

int disk_runs(fault_disk *disk) {
    if (!disk->is_stopped && disk->operations_left != UINT64_MAX) {
        if (disk->operations_left == 0) disk->is_stopped = 1;
        else disk->operations_left -= 1;
    }
    if (disk->is_stopped) disk->counters.stopped += 1;
    return !disk->is_stopped;
}

void fault_disk_stop_after(fault_disk *disk, uint64_t operations) {
    disk->operations_left = operations;
}

void fault_disk_stop(fault_disk *disk) { disk->is_stopped = 1; }

int fault_disk_is_stopped(const fault_disk *disk) { return disk->is_stopped; }

void fault_disk_set_room(fault_disk *disk, int64_t bytes) { disk->room = bytes; }

void fault_disk_fail_syncs(fault_disk *disk, uint64_t count) { disk->failing_syncs = count; }

void fault_disk_ignore_syncs(fault_disk *disk, int ignore) { disk->ignores_syncs = ignore; }

fault_disk_counters fault_disk_count(const fault_disk *disk) { return disk->counters; }

uint64_t fault_disk_unsynced(const fault_disk *disk) {
    uint64_t bytes = 0;
    for (disk_file *file = disk->files; file != NULL; file = file->next) {
        for (pending *one = file->first; one != NULL; one = one->next) {
            bytes += (uint64_t)one->size + (uint64_t)one->is_truncation;
        }
    }
    return bytes;
}

// MARK: Files

disk_file *disk_find(fault_disk *disk, const char *name) {
    for (disk_file *file = disk->files; file != NULL; file = file->next) {
        if (strcmp(file->name, name) == 0) return file;
    }
    return NULL;
}

disk_file *disk_make_file(fault_disk *disk, const char *name) {
    disk_file *file = disk_find(disk, name);
    if (file == NULL) {
        file = calloc(1, sizeof *file);
        if (file == NULL) return NULL;
        file->name = strdup(name);
        if (file->name == NULL) {
            free(file);
            return NULL;
        }
        file->disk = disk;
        file->next = disk->files;
        disk->files = file;
    } else if (!file->exists) {
        // Made anew in place of a removed one, whose content is gone with this.
        file->is_durable = 0;
        image_resize(&file->medium, 0);
    }
    file->exists = 1;
    return file;
}

void disk_sync_folder(fault_disk *disk) {
    for (disk_file *file = disk->files; file != NULL; file = file->next) {
        if (file->exists) file->is_durable = 1;
        else file_remove(file, 1);
    }
}

int fault_disk_copy(const fault_disk *from, fault_disk *to) {
    for (disk_file *file = from->files; file != NULL; file = file->next) {
        if (!file->exists) continue;
        const char *rest = file->name + strlen(from->folder);
        char *name = malloc(strlen(to->folder) + strlen(rest) + 1);
        if (name == NULL) return SQLITE_NOMEM;
        strcpy(name, to->folder);
        strcat(name, rest);
        disk_file *copy = disk_make_file(to, name);
        free(name);
        if (copy == NULL || !image_copy(&copy->cache, &file->cache)
            || !image_copy(&copy->medium, &file->cache))
            return SQLITE_NOMEM;
        copy->is_durable = 1;
    }
    return SQLITE_OK;
}

// MARK: Faults

void fault_disk_restart(fault_disk *disk, fault_disk_fate fate) {
    disk->life += 1;
    disk->is_stopped = 0;
    disk->operations_left = UINT64_MAX;
    disk->failing_syncs = 0;
    for (disk_file *file = disk->files; file != NULL; file = file->next) {
        memset(file->locks, 0, sizeof file->locks);
        memory_release(file->memory);
        file->memory = NULL;
        if (fate == FAULT_DISK_KEEP) continue;
        file_settle(file, fate);
        file->exists = file->is_durable;
        if (!file->exists) image_resize(&file->medium, 0);
        image_copy(&file->cache, &file->medium);
        for (flip *one = file->flips; one != NULL; one = one->next) one->in_cache = one->on_medium;
    }
}

/// Flips one bit of a byte on the medium, and in the cache unless it was written over since.
static int flip_byte(disk_file *file, int64_t place) {
    flip *one = calloc(1, sizeof *one);
    if (one == NULL) return 0;
    one->offset = place;
    one->mask = (uint8_t)(1 << (disk_random(file->disk) & 7));
    one->on_medium = 1;
    file->medium.bytes[place] ^= one->mask;
    int is_fresh = 0;
    for (pending *write = file->first; write != NULL; write = write->next) {
        if (write->is_truncation ? write->offset <= place
                                 : write->offset <= place && place < write->offset + write->size)
            is_fresh = 1;
    }
    if (!is_fresh && place < file->cache.size) {
        file->cache.bytes[place] ^= one->mask;
        one->in_cache = 1;
    }
    one->next = file->flips;
    file->flips = one;
    file->disk->counters.flips += 1;
    return 1;
}

int fault_disk_flip(fault_disk *disk) {
    int64_t total = 0;
    for (disk_file *file = disk->files; file != NULL; file = file->next) {
        if (file->exists) total += file->medium.size;
    }
    if (total == 0) return 0;
    int64_t place = (int64_t)(disk_random(disk) % (uint64_t)total);
    disk_file *file = disk->files;
    while (!file->exists || place >= file->medium.size) {
        if (file->exists) place -= file->medium.size;
        file = file->next;
    }
    return flip_byte(file, place);
}

int fault_disk_flip_bytes(fault_disk *disk, const void *bytes, int64_t size) {
    for (disk_file *file = disk->files; file != NULL; file = file->next) {
        if (!file->exists) continue;
        for (int64_t place = file->medium.size - size; place >= 0; place--) {
            if (memcmp(file->medium.bytes + place, bytes, (size_t)size) != 0) continue;
            return flip_byte(file, place + (int64_t)(disk_random(disk) % (uint64_t)size));
        }
    }
    return 0;
}

int fault_disk_repair(fault_disk *disk) {
    int repaired = 0;
    for (disk_file *file = disk->files; file != NULL; file = file->next) {
        while (file->flips != NULL) {
            flip *one = file->flips;
            if (one->in_cache && one->offset < file->cache.size)
                file->cache.bytes[one->offset] ^= one->mask;
            if (one->on_medium && one->offset < file->medium.size)
                file->medium.bytes[one->offset] ^= one->mask;
            repaired += one->in_cache || one->on_medium;
            file->flips = one->next;
            free(one);
        }
    }
    return repaired;
}
