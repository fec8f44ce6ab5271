// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Disks in memory that fail on demand, for SQLite: one VFS (https://sqlite.org/vfs.html) that keeps
// what programs see apart from what a power cut leaves. The idea is that of SQLite's own crash tests;
// the code is ours.
//
// A disk is a folder name. A file belongs to the disk whose folder its path begins with, and a path
// outside every disk cannot be opened. Nothing here locks: one thread at a time.
//
// What is modelled. A write reaches the page cache, which every handle sees. A successful sync makes
// the file's writes, and its name, durable. A power cut decides for each unsynced write whether it
// survives, and for a torn one each sector of 512 bytes by itself. A failed sync decides the same at
// once and leaves the page cache as it was, clean, as Linux does: a later sync does not write it
// again. The first sync of a journal or log also syncs the folder, as SQLite's own VFS does: names that
// were made or removed are then durable too. A bit flip changes the medium and the page cache. The main file's name counts as durable
// when it is made, since whoever makes it syncs the folder, which no VFS sees.

#ifndef WICI_FAULT_DISK_H
#define WICI_FAULT_DISK_H

#include <stdint.h>

/// A disk.
typedef struct fault_disk fault_disk;

/// What happened on a disk since it was made.
typedef struct fault_disk_counters {
    /// Writes, truncations and removals asked for.
    uint64_t writes;
    /// Syncs asked for.
    uint64_t syncs;
    /// Unsynced writes that a power cut dropped whole.
    uint64_t lost;
    /// Unsynced writes of which some sectors survived.
    uint64_t torn;
    /// Unsynced writes that survived a power cut.
    uint64_t survived;
    /// Syncs that failed.
    uint64_t failed_syncs;
    /// Writes refused for want of room.
    uint64_t full;
    /// Bits flipped.
    uint64_t flips;
    /// Operations refused because the machine had stopped.
    uint64_t stopped;
} fault_disk_counters;

/// What becomes of unsynced writes.
typedef enum fault_disk_fate {
    /// All survive: the program ended, the machine went on.
    FAULT_DISK_KEEP = 0,
    /// All are lost.
    FAULT_DISK_LOSE = 1,
    /// Each survives or not.
    FAULT_DISK_MIX = 2,
    /// Each sector of each survives or not.
    FAULT_DISK_TEAR = 3,
} fault_disk_fate;

/// Registers the VFS as SQLite's default; 0, or an SQLite result code.
int fault_disk_register(void);

/// Starts SQLite's own generator of randomness anew.
void fault_disk_reset_randomness(void);

/// Makes an empty disk; its randomness is a function of the seed. NULL without memory.
fault_disk *fault_disk_make(const char *folder, uint64_t seed);

/// Destroys a disk with its files. Handles that are still open stay valid and fail.
void fault_disk_free(fault_disk *disk);

/// Copies every file of one disk to another, durable at once. The other has no file of the name.
int fault_disk_copy(const fault_disk *from, fault_disk *to);

/// Stops the machine after this many writes and syncs more; what is asked of it after that fails.
void fault_disk_stop_after(fault_disk *disk, uint64_t operations);

/// Stops the machine at once.
void fault_disk_stop(fault_disk *disk);

/// Whether the machine has stopped.
int fault_disk_is_stopped(const fault_disk *disk);

/// Ends every open handle and starts the machine again; unsynced writes meet their fate.
void fault_disk_restart(fault_disk *disk, fault_disk_fate fate);

/// Lets this many bytes more be written beyond the present ends of files; negative for any number.
void fault_disk_set_room(fault_disk *disk, int64_t bytes);

/// Lets this many of the next syncs fail.
void fault_disk_fail_syncs(fault_disk *disk, uint64_t count);

/// Lets syncs report success without doing anything: a disk that lies.
void fault_disk_ignore_syncs(fault_disk *disk, int ignore);

/// Flips one bit of durable content, chosen at random; 0 when there is none to flip.
int fault_disk_flip(fault_disk *disk);

/// Flips one bit of durable content that holds these bytes, where they were written last in a file;
/// 0 when they are nowhere.
int fault_disk_flip_bytes(fault_disk *disk, const void *bytes, int64_t size);

/// Flips every flipped bit back that was not written over since; how many.
int fault_disk_repair(fault_disk *disk);

/// Bytes written and not yet synced.
uint64_t fault_disk_unsynced(const fault_disk *disk);

/// What happened so far.
fault_disk_counters fault_disk_count(const fault_disk *disk);

#endif
