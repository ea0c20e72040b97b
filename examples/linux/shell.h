// SPDX-License-Identifier: MIT
//
// What a boot without options boots: a folder that scripts/fetch-linux has filled with a kernel, a
// busybox and the drivers of the VM's devices. Its initramfs gives a shell (shell_init).

#ifndef EXAMPLES_LINUX_SHELL_H
#define EXAMPLES_LINUX_SHELL_H

#include "initramfs.h"

// An archive without bytes when there is no memory or the folder lacks something.
struct file shell_initramfs(const char *folder);

// The whole of a file; one without bytes when it cannot be read.
struct file shell_read_file(const char *path);

#endif // EXAMPLES_LINUX_SHELL_H
