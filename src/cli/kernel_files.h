// SPDX-License-Identifier: MIT
//
// The kernel and the initramfs that are to be booted: those that are named, or the distribution's,
// which are fetched once into a folder of the user's.

#ifndef CLI_KERNEL_FILES_H
#define CLI_KERNEL_FILES_H

#include "cli/options.h"
#include "cli/talk.h"

#include "initramfs.h"

struct kernel_files {
    struct file kernel;
    struct file initrd;
};

// EXIT_CODE_OK, or what to end with: the reason has been said. kernel_files_close() is due in any
// case.
enum exit_code kernel_files_open(const struct options *options, struct kernel_files *files);
void kernel_files_close(struct kernel_files *files);

#endif // CLI_KERNEL_FILES_H
