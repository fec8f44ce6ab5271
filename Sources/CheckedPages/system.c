// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The system's own VFS, under everything here: found before another one becomes the default.

#include <pthread.h>
#include <stdlib.h>

#include "internal.h"

static sqlite3_vfs *found;

static void find(void) { found = sqlite3_vfs_find(NULL); }

sqlite3_vfs *system_vfs(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    sqlite3_initialize();
    pthread_once(&once, find);
    return found;
}

sqlite3_file *system_open(const char *name, int flags) {
    sqlite3_vfs *vfs = system_vfs();
    if (vfs == NULL) return NULL;
    sqlite3_file *file = calloc(1, (size_t)vfs->szOsFile);
    if (file == NULL) return NULL;
    if (vfs->xOpen(vfs, name, file, flags | SQLITE_OPEN_WAL, NULL) == SQLITE_OK) return file;
    system_close(file);
    return NULL;
}

int checked_pages_full_path(const char *path, char *full, int size) {
    sqlite3_vfs *vfs = system_vfs();
    if (vfs == NULL) return SQLITE_ERROR;
    int result = vfs->xFullPathname(vfs, path, size, full);
    return result == SQLITE_OK_SYMLINK ? SQLITE_OK : result;
}

void system_close(sqlite3_file *file) {
    if (file == NULL) return;
    if (file->pMethods != NULL) file->pMethods->xClose(file);
    free(file);
}
