// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What the parts share: disks and faults (FaultDisk.c), a file's two contents (content.c), and the
// VFS through which SQLite sees them (vfs.c).

#ifndef WICI_FAULT_DISK_INTERNAL_H
#define WICI_FAULT_DISK_INTERNAL_H

#include <sqlite3.h>

#include "FaultDisk.h"

/// Content of a file: bytes and how much memory they have.
typedef struct image {
    uint8_t *bytes;
    int64_t size;
    int64_t capacity;
} image;

/// A write, or a truncation to `offset`, that no sync has followed.
typedef struct pending {
    struct pending *next;
    int64_t offset;
    int64_t size;
    int is_truncation;
    uint8_t bytes[];
} pending;

/// A flipped bit and where it still shows.
typedef struct flip {
    struct flip *next;
    int64_t offset;
    uint8_t mask;
    int in_cache;
    int on_medium;
} flip;

/// The shared memory of a write-ahead log, counted by the handles that map it.
typedef struct shared_memory {
    int references;
    int region_count;
    int region_size;
    void **regions;
    int shared[SQLITE_SHM_NLOCK];
    int exclusive[SQLITE_SHM_NLOCK];
} shared_memory;

/// A file as programs see it (cache) and as a power cut leaves it (medium).
typedef struct disk_file {
    struct disk_file *next;
    fault_disk *disk;
    char *name;
    image cache;
    image medium;
    pending *first;
    pending *last;
    flip *flips;
    /// Whether a program can open it; a removed file may come back with a power cut.
    int exists;
    /// Whether its name is on the medium.
    int is_durable;
    shared_memory *memory;
    /// Handles of the present life by level of lock.
    int locks[5];
} disk_file;

struct fault_disk {
    struct fault_disk *next;
    char *folder;
    disk_file *files;
    uint64_t random;
    /// Rises with every restart; a handle of an earlier life is dead.
    uint64_t life;
    int is_stopped;
    uint64_t operations_left;
    int64_t room;
    uint64_t failing_syncs;
    int ignores_syncs;
    fault_disk_counters counters;
    int handles;
    int is_freed;
};

fault_disk *disk_of_path(const char *path);
uint64_t disk_random(fault_disk *disk);
disk_file *disk_find(fault_disk *disk, const char *name);
disk_file *disk_make_file(fault_disk *disk, const char *name);
/// Makes every name durable as it is: what exists is there, what was removed is gone.
void disk_sync_folder(fault_disk *disk);
/// Counts one operation towards a stop; 0 when the machine stands.
int disk_runs(fault_disk *disk);
int image_resize(image *image, int64_t size);
int image_copy(image *to, const image *from);
void file_drop_pending(disk_file *file);
void file_settle(disk_file *file, fault_disk_fate fate);
int file_write(disk_file *file, const void *bytes, int64_t size, int64_t offset);
int file_truncate(disk_file *file, int64_t size);
int file_sync(disk_file *file);
void file_remove(disk_file *file, int is_durable);
void disk_release(fault_disk *disk);
void memory_release(shared_memory *memory);

#endif
