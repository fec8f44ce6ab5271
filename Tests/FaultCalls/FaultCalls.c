// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// See FaultCalls.h. Definitions in the program itself come before those of the C library
// (ld.so(8), symbol lookup), and `dlsym(RTLD_NEXT, …)` finds the ones they stand before.

#define _GNU_SOURCE
#include "FaultCalls.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>

// <fcntl.h> and <unistd.h> would give some of these names other symbols.
enum { creates = 0100, makes_temporary = 020000000, descriptors = 4096 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char folder[512];
static char names[descriptors][64];
static uint64_t counts[FAULT_CALL_KINDS];
static int failing_kind = -1;
static uint64_t calls_before;
static int failing_error;
static int has_failed;
static char last[128];

void fault_calls_watch(const char *path) {
    pthread_mutex_lock(&lock);
    snprintf(folder, sizeof folder, "%s", path);
    memset(counts, 0, sizeof counts);
    failing_kind = -1;
    has_failed = 0;
    last[0] = 0;
    pthread_mutex_unlock(&lock);
}

void fault_calls_fail(fault_call_kind kind, uint64_t after, int error) {
    pthread_mutex_lock(&lock);
    failing_kind = (int)kind;
    calls_before = after;
    failing_error = error;
    has_failed = 0;
    last[0] = 0;
    pthread_mutex_unlock(&lock);
}

int fault_calls_relent(void) {
    pthread_mutex_lock(&lock);
    failing_kind = -1;
    int answer = has_failed;
    pthread_mutex_unlock(&lock);
    return answer;
}

uint64_t fault_calls_count(fault_call_kind kind) {
    pthread_mutex_lock(&lock);
    uint64_t count = counts[kind];
    pthread_mutex_unlock(&lock);
    return count;
}

const char *fault_calls_last(void) { return last; }

/// Counts a call on a watched file; nonzero, with errno, when it is the one to fail.
static int fails(fault_call_kind kind, const char *call, const char *name) {
    pthread_mutex_lock(&lock);
    counts[kind] += 1;
    int now = 0;
    if (failing_kind == (int)kind) {
        if (calls_before == 0) {
            now = 1;
            failing_kind = -1;
            has_failed = 1;
            snprintf(last, sizeof last, "%s %s", call, name);
        } else {
            calls_before -= 1;
        }
    }
    pthread_mutex_unlock(&lock);
    if (now) errno = failing_error;
    return now;
}

static int is_watched(const char *path) {
    size_t length = strlen(folder);
    return length > 0 && path != NULL && strncmp(path, folder, length) == 0;
}

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static const char *name_of(int descriptor) {
    if (descriptor < 0 || descriptor >= descriptors || !names[descriptor][0]) return NULL;
    return names[descriptor];
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
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
