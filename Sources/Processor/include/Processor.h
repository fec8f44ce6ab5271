// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What Swift has no words for, where millions of entries are gone through: a hash without the heap,
// and hints which memory is wanted, and how.

#ifndef WICI_PROCESSOR_H
#define WICI_PROCESSOR_H

#include <stdbool.h>
#include <stddef.h>

/// Writes the 32 bytes of the SHA-256 of three pieces in a row.
///
/// By the BoringSSL that swift-crypto brings: swift-crypto itself allocates, counts and clears a
/// context for each hash, which takes longer than hashing a leaf of a tree. False, with nothing
/// written, where it brings none (it is CryptoKit there): the caller then asks swift-crypto.
bool processor_sha256(
    const void *first, size_t first_count, const void *second, size_t second_count,
    const void *third, size_t third_count, void *digest
);

/// Asks for large pages under memory that is about to be used for the first time, and then here and
/// there: of small ones the processor keeps too few addresses.
void processor_use_large_pages(void *address, size_t count);

/// Begins to load the memory at an address, and does not wait for it.
static inline void processor_prefetch(const void *address) { __builtin_prefetch(address); }

#endif
