// SPDX-License-Identifier: MIT
//
// Gathers the files.

#include "shell.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DRIVERS_MAX = 16, NAME_MAX_SIZE = 64, PATH_SIZE = 4096 };

static const uint8_t shell_init[] = {
#include "shell_init.inc"
};

struct drivers {
    struct named_file files[DRIVERS_MAX + 1];
    char names[DRIVERS_MAX + 1][NAME_MAX_SIZE + 16];
    size_t count;
};

struct file shell_read_file(const char *path) {
    struct file file = {NULL, 0};
    size_t room = 1 << 20;
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) {
        return file;
    }
    for (;;) {
        uint8_t *larger = realloc(file.bytes, room);
        if (larger == NULL) {
            break;
        }
        file.bytes = larger;
        file.size += fread(file.bytes + file.size, 1, room - file.size, stream);
        if (file.size < room) {
            break;
        }
        room *= 2;
    }
    fclose(stream);
    return file;
}

static bool add_driver(struct drivers *drivers, const char *folder, const char *name) {
    char path[PATH_SIZE];
    struct named_file *driver = &drivers->files[drivers->count];
    char *name_inside = drivers->names[drivers->count];
    snprintf(path, sizeof path, "%s/modules/%s", folder, name);
    snprintf(name_inside, sizeof drivers->names[0], "lib/modules/%s", name);
    driver->name = name_inside;
    driver->file = shell_read_file(path);
    drivers->count += driver->file.bytes != NULL;
    return driver->file.bytes != NULL;
}

// A file `order` names the others, a line each.
static bool add_drivers(struct drivers *drivers, const char *folder) {
    if (!add_driver(drivers, folder, "order")) {
        return false;
    }
    const struct file order = drivers->files[0].file;
    for (size_t at = 0; at < order.size && drivers->count <= DRIVERS_MAX;) {
        char name[NAME_MAX_SIZE];
        size_t length = 0;
        for (; at < order.size && order.bytes[at] != '\n'; at++) {
            if (length < sizeof name - 1) {
                name[length++] = (char)order.bytes[at];
            }
        }
        at++;
        name[length] = '\0';
        if (!add_driver(drivers, folder, name)) {
            return false;
        }
    }
    return true;
}

struct file shell_initramfs(const char *folder) {
    static uint8_t script[sizeof shell_init];
    char path[PATH_SIZE];
    struct drivers drivers = {.count = 0};
    struct file archive = {NULL, 0};
    const struct file init = {memcpy(script, shell_init, sizeof script), sizeof script};
    snprintf(path, sizeof path, "%s/busybox", folder);
    struct file busybox = shell_read_file(path);
    if (busybox.bytes != NULL && add_drivers(&drivers, folder)) {
        archive = initramfs_build(&init, &busybox, drivers.files, drivers.count);
    }
    for (size_t i = 0; i < drivers.count; i++) {
        free(drivers.files[i].file.bytes);
    }
    free(busybox.bytes);
    return archive;
}
