// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// See FaultCalls.h. Definitions in the program itself come before those of the C library
// (ld.so(8), symbol lookup), and `dlsym(RTLD_NEXT, …)` finds the ones they stand before.

#define _GNU_SOURCE
#include "FaultCalls.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/uio.h>

// <fcntl.h> and <unistd.h> would give some of these names other symbols.
enum { read_write = 02, creates = 0100, makes_temporary = 020000000, descriptors = 4096 };

/// Shared by this program and those that obey it, hence nothing but numbers and text.
struct fault_calls {
    char folder[512];
    _Atomic uint64_t counts[FAULT_CALL_KINDS];
    /// -1 when none is to fail.
    _Atomic int failing_kind;
    /// The call that brings it from 0 fails.
    _Atomic int64_t calls_before;
    _Atomic int error;
    /// Set once `last` says what failed.
    _Atomic int has_failed;
    char last[128];
};

static struct fault_calls own = {.failing_kind = -1};
/// What this program obeys.
static struct fault_calls *obeyed = &own;
/// Names of watched files by descriptor.
static char names[descriptors][64];

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int open(const char *path, int flags, ...);
int close(int descriptor);
int ftruncate(int descriptor, off_t size);

fault_calls *fault_calls_own(void) { return &own; }

static fault_calls *mapped(const char *file, int flags) {
    int descriptor = REAL(open)(file, flags, 0600);
    if (descriptor < 0) return NULL;
    void *memory = MAP_FAILED;
    if (REAL(ftruncate)(descriptor, sizeof own) == 0)
        memory = mmap(NULL, sizeof own, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    REAL(close)(descriptor);
    return memory == MAP_FAILED ? NULL : memory;
}

fault_calls *fault_calls_share(const char *file) {
    fault_calls *calls = mapped(file, read_write | creates);
    if (calls != NULL) fault_calls_watch(calls, "");
    return calls;
}

/// A program that is told to obey and cannot would find every fault harmless: it does not run.
__attribute__((constructor)) static void obey(void) {
    const char *file = getenv("WICI_FAULT_CALLS");
    if (file == NULL) return;
    obeyed = mapped(file, read_write);
    if (obeyed == NULL) abort();
}

void fault_calls_watch(fault_calls *calls, const char *folder) {
    snprintf(calls->folder, sizeof calls->folder, "%s", folder);
    for (int kind = 0; kind < FAULT_CALL_KINDS; kind++) calls->counts[kind] = 0;
    calls->failing_kind = -1;
    calls->has_failed = 0;
    calls->last[0] = 0;
}

void fault_calls_fail(fault_calls *calls, fault_call_kind kind, uint64_t after, int error) {
    calls->calls_before = (int64_t)after;
    calls->error = error;
    calls->has_failed = 0;
    calls->last[0] = 0;
    calls->failing_kind = (int)kind;
}

int fault_calls_relent(fault_calls *calls) {
    calls->failing_kind = -1;
    return calls->has_failed;
}

uint64_t fault_calls_count(fault_calls *calls, fault_call_kind kind) { return calls->counts[kind]; }

const char *fault_calls_last(fault_calls *calls) { return calls->last; }

/// Counts a call on a watched file; nonzero, with errno, when it is the one to fail.
static int fails(fault_call_kind kind, const char *call, const char *name) {
    atomic_fetch_add(&obeyed->counts[kind], 1);
    if (obeyed->failing_kind != (int)kind) return 0;
    if (atomic_fetch_sub(&obeyed->calls_before, 1) != 0) return 0;
    obeyed->failing_kind = -1;
    snprintf(obeyed->last, sizeof obeyed->last, "%s %s", call, name);
    obeyed->has_failed = 1;
    errno = obeyed->error;
    return 1;
}

static int is_watched(const char *path) {
    size_t length = strlen(obeyed->folder);
    return length > 0 && path != NULL && strncmp(path, obeyed->folder, length) == 0
        && (path[length] == 0 || path[length] == '/');
}

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static const char *name_of(int descriptor) {
    if (descriptor < 0 || descriptor >= descriptors || !names[descriptor][0]) return NULL;
    return names[descriptor];
}

#define ON_DESCRIPTOR(kind, name) \
    do { \
        const char *file = name_of(descriptor); \
        if (file != NULL && fails(kind, #name, file)) return -1; \
    } while (0)

static int opened(int descriptor, const char *path) {
    if (descriptor >= 0 && descriptor < descriptors) {
        names[descriptor][0] = 0;
        if (is_watched(path))
            snprintf(names[descriptor], sizeof names[descriptor], "%s", last_part(path));
    }
    return descriptor;
}

static unsigned mode_of(int flags, va_list rest) {
    return (flags & creates) || (flags & makes_temporary) ? va_arg(rest, unsigned) : 0;
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        va_list rest; \
        va_start(rest, flags); \
        unsigned mode = mode_of(flags, rest); \
        va_end(rest); \
        if (is_watched(path) && fails(FAULT_CALL_OPEN, #name, last_part(path))) return -1; \
        return opened(REAL(name)(path, flags, mode), path); \
    }
OPEN(open)
OPEN(open64)

#define OPEN_AT(name) \
    int name(int directory, const char *path, int flags, ...) { \
        va_list rest; \
        va_start(rest, flags); \
        unsigned mode = mode_of(flags, rest); \
        va_end(rest); \
        if (is_watched(path) && fails(FAULT_CALL_OPEN, #name, last_part(path))) return -1; \
        return opened(REAL(name)(directory, path, flags, mode), path); \
    }
OPEN_AT(openat)
OPEN_AT(openat64)

int close(int descriptor) {
    if (descriptor >= 0 && descriptor < descriptors) names[descriptor][0] = 0;
    return REAL(close)(descriptor);
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
    ON_DESCRIPTOR(FAULT_CALL_WRITE, write);
    return REAL(write)(descriptor, bytes, count);
}

#define WRITE_AT(name) \
    ssize_t name(int descriptor, const void *bytes, size_t count, off_t offset) { \
        ON_DESCRIPTOR(FAULT_CALL_WRITE, name); \
        return REAL(name)(descriptor, bytes, count, offset); \
    }
WRITE_AT(pwrite)
WRITE_AT(pwrite64)

int fsync(int descriptor) {
    ON_DESCRIPTOR(FAULT_CALL_SYNC, fsync);
    return REAL(fsync)(descriptor);
}

int fdatasync(int descriptor) {
    ON_DESCRIPTOR(FAULT_CALL_SYNC, fdatasync);
    return REAL(fdatasync)(descriptor);
}

#define TRUNCATE(name) \
    int name(int descriptor, off_t size) { \
        ON_DESCRIPTOR(FAULT_CALL_TRUNCATE, name); \
        return REAL(name)(descriptor, size); \
    }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

int rename(const char *from, const char *to) {
    if (is_watched(to) && fails(FAULT_CALL_RENAME, "rename", last_part(to))) return -1;
    return REAL(rename)(from, to);
}

int unlink(const char *path) {
    if (is_watched(path) && fails(FAULT_CALL_UNLINK, "unlink", last_part(path))) return -1;
    return REAL(unlink)(path);
}
