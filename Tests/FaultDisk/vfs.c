// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The disks as SQLite sees them: file methods, locks, shared memory, and the VFS itself.

#include <stdlib.h>
#include <string.h>

#include "internal.h"

/// An open file. `life` tells a handle of a machine that has been started again since.
typedef struct handle {
    sqlite3_file base;
    disk_file *file;
    fault_disk *disk;
    uint64_t life;
    int lock;
    int deletes_on_close;
    /// Whether the first sync also syncs the folder, as SQLite's own VFS does for journals and logs.
    int syncs_folder;
    shared_memory *memory;
    int shared_locks;
    int exclusive_locks;
    /// A temporary file that belongs to no disk: SQLite's sorter and statement journals.
    uint8_t *scratch;
    int64_t scratch_size;
} handle;

static int is_alive(const handle *one) {
    return one->disk == NULL || (one->life == one->disk->life && !one->disk->is_stopped);
}

// MARK: Temporary files

static int scratch_write(handle *one, const void *bytes, int size, sqlite3_int64 offset) {
    if (offset + size > one->scratch_size) {
        uint8_t *grown = realloc(one->scratch, (size_t)(offset + size));
        if (grown == NULL) return SQLITE_IOERR_NOMEM;
        memset(grown + one->scratch_size, 0, (size_t)(offset + size - one->scratch_size));
        one->scratch = grown;
        one->scratch_size = offset + size;
    }
    memcpy(one->scratch + offset, bytes, (size_t)size);
    return SQLITE_OK;
}

// MARK: Files

static int file_close(sqlite3_file *base) {
    handle *one = (handle *)base;
    if (one->disk == NULL) {
        free(one->scratch);
        return SQLITE_OK;
    }
    if (one->life == one->disk->life) {
        one->file->locks[one->lock] -= 1;
        if (one->deletes_on_close) file_remove(one->file, 0);
    }
    memory_release(one->memory);
    one->memory = NULL;
    one->disk->handles -= 1;
    disk_release(one->disk);
    return SQLITE_OK;
}

static int read_method(sqlite3_file *base, void *buffer, int size, sqlite3_int64 offset) {
    handle *one = (handle *)base;
    if (!is_alive(one)) return SQLITE_IOERR_READ;
    const uint8_t *bytes = one->disk ? one->file->cache.bytes : one->scratch;
    int64_t total = one->disk ? one->file->cache.size : one->scratch_size;
    int64_t there = total > offset ? total - offset : 0;
    if (there > size) there = size;
    if (there > 0) memcpy(buffer, bytes + offset, (size_t)there);
    if (there == size) return SQLITE_OK;
    memset((uint8_t *)buffer + there, 0, (size_t)(size - there));
    return SQLITE_IOERR_SHORT_READ;
}

static int write_method(sqlite3_file *base, const void *bytes, int size, sqlite3_int64 offset) {
    handle *one = (handle *)base;
    if (one->disk == NULL) return scratch_write(one, bytes, size, offset);
    if (!is_alive(one)) return SQLITE_IOERR_WRITE;
    return file_write(one->file, bytes, size, offset);
}

static int truncate_method(sqlite3_file *base, sqlite3_int64 size) {
    handle *one = (handle *)base;
    if (one->disk == NULL) {
        if (size < one->scratch_size) one->scratch_size = size;
        return SQLITE_OK;
    }
    return is_alive(one) ? file_truncate(one->file, size) : SQLITE_IOERR_TRUNCATE;
}

static int sync_method(sqlite3_file *base, int flags) {
    handle *one = (handle *)base;
    (void)flags;
    if (one->disk == NULL) return SQLITE_OK;
    if (!is_alive(one)) return SQLITE_IOERR_FSYNC;
    int result = file_sync(one->file);
    if (result == SQLITE_OK && one->syncs_folder && !one->disk->ignores_syncs) {
        disk_sync_folder(one->disk);
        one->syncs_folder = 0;
    }
    return result;
}

static int size_method(sqlite3_file *base, sqlite3_int64 *size) {
    handle *one = (handle *)base;
    if (!is_alive(one)) return SQLITE_IOERR_FSTAT;
    *size = one->disk ? one->file->cache.size : one->scratch_size;
    return SQLITE_OK;
}

/// Whether another handle of the file holds this lock or a stronger one.
static int others_hold(const handle *one, int level) {
    for (int held = level; held <= SQLITE_LOCK_EXCLUSIVE; held++) {
        if (one->file->locks[held] - (one->lock == held) > 0) return 1;
    }
    return 0;
}

static int lock_method(sqlite3_file *base, int level) {
    handle *one = (handle *)base;
    if (one->disk == NULL || one->lock >= level) return SQLITE_OK;
    if (!is_alive(one)) return SQLITE_IOERR_LOCK;
    int conflict = level == SQLITE_LOCK_SHARED ? SQLITE_LOCK_PENDING
        : level == SQLITE_LOCK_RESERVED        ? SQLITE_LOCK_RESERVED
                                               : SQLITE_LOCK_SHARED;
    if (others_hold(one, conflict)) return SQLITE_BUSY;
    one->file->locks[one->lock] -= 1;
    one->lock = level;
    one->file->locks[level] += 1;
    return SQLITE_OK;
}

static int unlock_method(sqlite3_file *base, int level) {
    handle *one = (handle *)base;
    if (one->disk == NULL || one->lock <= level) return SQLITE_OK;
    if (one->life == one->disk->life) {
        one->file->locks[one->lock] -= 1;
        one->file->locks[level] += 1;
    }
    one->lock = level;
    return SQLITE_OK;
}

static int reserved_method(sqlite3_file *base, int *answer) {
    handle *one = (handle *)base;
    *answer = one->disk != NULL && others_hold(one, SQLITE_LOCK_RESERVED);
    return SQLITE_OK;
}

static int control_method(sqlite3_file *base, int operation, void *argument) {
    (void)base;
    if (operation != SQLITE_FCNTL_MMAP_SIZE) return SQLITE_NOTFOUND;
    // Nothing is mapped, whatever is asked for.
    *(sqlite3_int64 *)argument = 0;
    return SQLITE_OK;
}

static int sector_method(sqlite3_file *base) {
    (void)base;
    return 4096;
}

static int characteristics_method(sqlite3_file *base) {
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

// MARK: Shared memory

static int map_method(sqlite3_file *base, int region, int size, int extend, void volatile **result) {
    handle *one = (handle *)base;
    *result = NULL;
    if (one->disk == NULL || !is_alive(one)) return SQLITE_IOERR_SHMMAP;
    if (one->memory == NULL) {
        if (one->file->memory == NULL) {
            one->file->memory = calloc(1, sizeof(shared_memory));
            if (one->file->memory == NULL) return SQLITE_IOERR_NOMEM;
            one->file->memory->references = 1;
        }
        one->memory = one->file->memory;
        one->memory->references += 1;
    }
    shared_memory *memory = one->memory;
    if (region >= memory->region_count) {
        if (!extend) return SQLITE_OK;
        void **regions = realloc(memory->regions, sizeof(void *) * (size_t)(region + 1));
        if (regions == NULL) return SQLITE_IOERR_NOMEM;
        memory->regions = regions;
        while (memory->region_count <= region) {
            void *bytes = calloc(1, (size_t)size);
            if (bytes == NULL) return SQLITE_IOERR_NOMEM;
            memory->regions[memory->region_count++] = bytes;
        }
    }
    *result = memory->regions[region];
    return SQLITE_OK;
}

static int memory_lock_method(sqlite3_file *base, int offset, int count, int flags) {
    handle *one = (handle *)base;
    shared_memory *memory = one->memory;
    if (memory == NULL) return SQLITE_IOERR_SHMLOCK;
    for (int slot = offset; slot < offset + count; slot++) {
        int mine_shared = one->shared_locks >> slot & 1;
        int mine_exclusive = one->exclusive_locks >> slot & 1;
        if (flags & SQLITE_SHM_UNLOCK) continue;
        if (memory->exclusive[slot] > mine_exclusive) return SQLITE_BUSY;
        if ((flags & SQLITE_SHM_EXCLUSIVE) && memory->shared[slot] > mine_shared) return SQLITE_BUSY;
    }
    for (int slot = offset; slot < offset + count; slot++) {
        int bit = 1 << slot;
        int *mask = flags & SQLITE_SHM_SHARED ? &one->shared_locks : &one->exclusive_locks;
        int *held = flags & SQLITE_SHM_SHARED ? memory->shared : memory->exclusive;
        if ((flags & SQLITE_SHM_LOCK) && !(*mask & bit)) {
            *mask |= bit;
            held[slot] += 1;
        } else if ((flags & SQLITE_SHM_UNLOCK) && (*mask & bit)) {
            *mask &= ~bit;
            held[slot] -= 1;
        }
    }
    return SQLITE_OK;
}

static void barrier_method(sqlite3_file *base) { (void)base; }

static int unmap_method(sqlite3_file *base, int deletes) {
    handle *one = (handle *)base;
    if (one->memory == NULL) return SQLITE_OK;
    for (int slot = 0; slot < SQLITE_SHM_NLOCK; slot++) {
        one->memory->shared[slot] -= one->shared_locks >> slot & 1;
        one->memory->exclusive[slot] -= one->exclusive_locks >> slot & 1;
    }
    one->shared_locks = 0;
    one->exclusive_locks = 0;
    int is_current = one->life == one->disk->life && one->file->memory == one->memory;
    memory_release(one->memory);
    one->memory = NULL;
    if (is_current && (deletes || one->file->memory->references == 1)) {
        memory_release(one->file->memory);
        one->file->memory = NULL;
    }
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
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
    handle *one = (handle *)base;
    memset(one, 0, sizeof *one);
    if (out_flags) *out_flags = flags;
    if (name != NULL) {
        fault_disk *disk = disk_of_path(name);
        if (disk == NULL || disk->is_stopped) return SQLITE_CANTOPEN;
        disk_file *file = disk_find(disk, name);
        if (file == NULL || !file->exists) {
            if (!(flags & SQLITE_OPEN_CREATE)) return SQLITE_CANTOPEN;
            file = disk_make_file(disk, name);
            if (file == NULL) return SQLITE_NOMEM;
            if (flags & SQLITE_OPEN_MAIN_DB) file->is_durable = 1;
        }
        one->file = file;
        one->disk = disk;
        one->life = disk->life;
        one->deletes_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
        one->syncs_folder = (flags & SQLITE_OPEN_CREATE)
            && (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL));
        file->locks[SQLITE_LOCK_NONE] += 1;
        disk->handles += 1;
    }
    base->pMethods = &methods;
    return SQLITE_OK;
}

static int delete_method(sqlite3_vfs *vfs, const char *name, int sync_folder) {
    (void)vfs;
    fault_disk *disk = disk_of_path(name);
    if (disk == NULL) return SQLITE_IOERR_DELETE;
    disk_file *file = disk_find(disk, name);
    if (file == NULL || !file->exists) return SQLITE_IOERR_DELETE_NOENT;
    disk->counters.writes += 1;
    if (!disk_runs(disk)) return SQLITE_IOERR_DELETE;
    file_remove(file, sync_folder);
    return SQLITE_OK;
}

static int access_method(sqlite3_vfs *vfs, const char *name, int flags, int *result) {
    (void)vfs;
    (void)flags;
    fault_disk *disk = disk_of_path(name);
    disk_file *file = disk ? disk_find(disk, name) : NULL;
    *result = file != NULL && file->exists && file->cache.size > 0;
    return SQLITE_OK;
}

static int path_method(sqlite3_vfs *vfs, const char *name, int size, char *result) {
    (void)vfs;
    sqlite3_snprintf(size, result, "%s", name);
    return SQLITE_OK;
}

/// The same bytes in every process: nothing that SQLite makes of them may tell two runs apart. Others
/// until the first run: a store that is made before it must not have the salts of one that a run makes.
static int random_byte = 0xA5;

static int random_method(sqlite3_vfs *vfs, int size, char *result) {
    (void)vfs;
    memset(result, random_byte, (size_t)size);
    return size;
}

static int sleep_method(sqlite3_vfs *vfs, int microseconds) {
    (void)vfs;
    return microseconds;
}

static int time_method(sqlite3_vfs *vfs, sqlite3_int64 *now) {
    (void)vfs;
    *now = 0;
    return SQLITE_OK;
}

static int old_time_method(sqlite3_vfs *vfs, double *now) {
    (void)vfs;
    *now = 0;
    return SQLITE_OK;
}

static int error_method(sqlite3_vfs *vfs, int size, char *result) {
    (void)vfs;
    (void)size;
    (void)result;
    return 0;
}

void fault_disk_reset_randomness(void) {
    random_byte = 0x5A;
    sqlite3_randomness(0, NULL);
}

int fault_disk_register(void) {
    static sqlite3_vfs vfs = {
        .iVersion = 2,
        .szOsFile = sizeof(handle),
        .mxPathname = 512,
        .zName = "fault-disk",
        .xOpen = open_method,
        .xDelete = delete_method,
        .xAccess = access_method,
        .xFullPathname = path_method,
        .xRandomness = random_method,
        .xSleep = sleep_method,
        .xCurrentTime = old_time_method,
        .xGetLastError = error_method,
        .xCurrentTimeInt64 = time_method,
    };
    return sqlite3_vfs_register(&vfs, 1);
}
