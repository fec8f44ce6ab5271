// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// File calls that fail once on demand. A program that links this has `open`, `write`, `fsync` and the
// like of its own; the dynamic linker gives them to SQLite and Foundation too, so that every call on
// a watched folder is counted, whoever makes it, and a chosen one fails. Only for test harnesses.
//
// The same for another program, unchanged: it is started with this library in LD_PRELOAD, and obeys
// the file that WICI_FAULT_CALLS names (`fault_calls_share`).

#ifndef WICI_FAULT_CALLS_H
#define WICI_FAULT_CALLS_H

#include <stdint.h>

/// Kinds of calls.
typedef enum fault_call_kind {
    FAULT_CALL_OPEN = 0,
    FAULT_CALL_WRITE = 1,
    FAULT_CALL_SYNC = 2,
    FAULT_CALL_RENAME = 3,
    FAULT_CALL_TRUNCATE = 4,
    FAULT_CALL_UNLINK = 5,
} fault_call_kind;

/// How many kinds there are.
enum { FAULT_CALL_KINDS = 6 };

/// What becomes of the calls of a program.
typedef struct fault_calls fault_calls;

/// The calls of this program.
fault_calls *fault_calls_own(void);

/// The calls of programs that are started with this file in WICI_FAULT_CALLS; the file is made. NULL
/// when that fails. Lasts as long as this program.
fault_calls *fault_calls_share(const char *file);

/// Watches the files of this folder and the folder itself; forgets every count.
void fault_calls_watch(fault_calls *calls, const char *folder);

/// Lets one call of a kind fail with this error, after this many more of it went well.
void fault_calls_fail(fault_calls *calls, fault_call_kind kind, uint64_t after, int error);

/// Lets no call fail any more; whether one has.
int fault_calls_relent(fault_calls *calls);

/// Calls of a kind on watched files since they are watched.
uint64_t fault_calls_count(fault_calls *calls, fault_call_kind kind);

/// What failed last: the call and the file's name; empty when nothing has.
const char *fault_calls_last(fault_calls *calls);

#endif
