// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// SHA-256 with its context on the stack. See Processor.h.

#include "Processor.h"

#if __has_include(<CCryptoBoringSSL_sha2.h>)
#include <CCryptoBoringSSL_sha2.h>
#include <string.h>

static uint8_t *put(uint8_t *end, const void *piece, size_t count) {
    if (count > 0) memcpy(end, piece, count);
    return end + count;
}

bool processor_sha256(
    const void *first, size_t first_count, const void *second, size_t second_count,
    const void *third, size_t third_count, void *digest
) {
    SHA256_CTX context;
    SHA256_Init(&context);
    uint8_t bytes[512];
    size_t count = first_count + second_count + third_count;
    if (count <= sizeof bytes) {
        // Gathered first: of something short, each update costs as much as its bytes.
        put(put(put(bytes, first, first_count), second, second_count), third, third_count);
        SHA256_Update(&context, bytes, count);
    } else {
        SHA256_Update(&context, first, first_count);
        SHA256_Update(&context, second, second_count);
        SHA256_Update(&context, third, third_count);
    }
    return SHA256_Final(digest, &context) == 1;
}

#else

bool processor_sha256(
    const void *first, size_t first_count, const void *second, size_t second_count,
    const void *third, size_t third_count, void *digest
) {
    (void)first, (void)first_count, (void)second, (void)second_count;
    (void)third, (void)third_count, (void)digest;
    return false;
}

#endif
