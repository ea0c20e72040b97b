// SPDX-License-Identifier: MIT
//
// The archive that the kernel unpacks as its first file system (the "newc" form of cpio): init,
// busybox, the drivers of the VM's devices, and the directories that init mounts on.

#ifndef EXAMPLES_LINUX_INITRAMFS_H
#define EXAMPLES_LINUX_INITRAMFS_H

#include <stddef.h>
#include <stdint.h>

struct file {
    uint8_t *bytes;
    size_t size;
};

struct named_file {
    const char *name; // In the archive.
    struct file file;
};

// With `count` more files. Allocates; returns an archive without bytes when there is no memory.
struct file initramfs_build(const struct file *init, const struct file *busybox,
                            const struct named_file *more, size_t count);

#endif // EXAMPLES_LINUX_INITRAMFS_H
