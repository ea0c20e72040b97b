// SPDX-License-Identifier: MIT
//
// A disk whose sectors are in a file of the host's, as a virtio device (virtio 1.1, 5.2).

#ifndef EXAMPLES_LINUX_DISK_H
#define EXAMPLES_LINUX_DISK_H

#include "virtio.h"

#include <stdbool.h>
#include <stdio.h>

struct disk {
    struct virtio virtio;
    FILE *file; // NULL: there is no disk.
    bool read_only;
};

// A file that cannot be written is a disk that can only be read. False when it cannot be opened.
bool disk_open(struct vm *vm, struct disk *disk, const char *path, unsigned number);
void disk_close(struct disk *disk);

#endif // EXAMPLES_LINUX_DISK_H
