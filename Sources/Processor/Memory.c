// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Large pages. See Processor.h.

#include "Processor.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

void processor_use_large_pages(void *address, size_t count) {
#ifdef MADV_HUGEPAGE
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t start = ((uintptr_t)address + page - 1) & ~(page - 1);
    uintptr_t end = ((uintptr_t)address + count) & ~(page - 1);
    // A hint: without such pages the memory is as good, only slower.
    if (end > start) (void)madvise((void *)start, end - start, MADV_HUGEPAGE);
#else
    (void)address, (void)count;
#endif
}
