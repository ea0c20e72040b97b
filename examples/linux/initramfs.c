// SPDX-License-Identifier: MIT
//
// The archive's entries: a header of 13 numbers in hexadecimal, the name, the contents, the latter
// two padded to a multiple of 4 bytes.

#include "initramfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER_SIZE = 110, DIRECTORY = 040755, PROGRAM = 0100755 };

static void add_padding(struct file *archive) {
    while (archive->size % 4 != 0) {
        archive->bytes[archive->size++] = 0;
    }
}

static void add(struct file *archive, const char *name, unsigned mode, const struct file *content) {
    const size_t size = content != NULL ? content->size : 0;
    const size_t name_size = strlen(name) + 1;
    char *header = (char *)archive->bytes + archive->size;
    snprintf(header, HEADER_SIZE + 1, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
             0u, mode, 0u, 0u, 1u, 0u, (unsigned)size, 0u, 0u, 0u, 0u, (unsigned)name_size, 0u);
    archive->size += HEADER_SIZE;
    memcpy(archive->bytes + archive->size, name, name_size);
    archive->size += name_size;
    add_padding(archive);
    if (size != 0) {
        memcpy(archive->bytes + archive->size, content->bytes, size);
        archive->size += size;
        add_padding(archive);
    }
}

static size_t room_for(const struct file *content) {
    return content->size + 512; // A header, a name and padding.
}

struct file initramfs_build(const struct file *init, const struct file *busybox,
                            const struct named_file *more, size_t count) {
    static const char *const directories[] = {"bin",  "dev", "lib", "lib/modules",
                                              "proc", "sys", "tmp"};
    const size_t directory_count = sizeof directories / sizeof directories[0];
    size_t room = room_for(init) + room_for(busybox) + (directory_count + 1) * 512;
    for (size_t i = 0; i < count; i++) {
        room += room_for(&more[i].file);
    }
    struct file archive = {malloc(room), 0};
    if (archive.bytes == NULL) {
        return archive;
    }
    for (size_t i = 0; i < directory_count; i++) {
        add(&archive, directories[i], DIRECTORY, NULL);
    }
    add(&archive, "bin/busybox", PROGRAM, busybox);
    add(&archive, "init", PROGRAM, init);
    for (size_t i = 0; i < count; i++) {
        add(&archive, more[i].name, PROGRAM, &more[i].file);
    }
    add(&archive, "TRAILER!!!", 0, NULL);
    return archive;
}
