// SPDX-License-Identifier: MIT
//
// The boot of a stock kernel to the init of the tests, which computes a while, and off again.

#include "compare_child.h"
#include "compare_ports.h"
#include "compare_work.h"
#include "initramfs.h"
#include "verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define OUTPUT_MAX 0x40000
// What boot_linux.c tells the kernel, too.
#define COMMAND_LINE                                                                               \
    "console=ttyS0 panic=-1 nowatchdog tsc=nowatchdog rcupdate.rcu_cpu_stall_suppress=1"

static bool read_file(const char *path, struct file *file) {
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) {
        return false;
    }
    long size = -1;
    if (fseek(stream, 0, SEEK_END) == 0) {
        size = ftell(stream);
        rewind(stream);
    }
    file->size = size > 0 ? (size_t)size : 0;
    file->bytes = malloc(file->size + 1);
    if (size <= 0 || file->bytes == NULL ||
        fread(file->bytes, 1, file->size, stream) != file->size) {
        compare_fail(path, "cannot be read");
    }
    fclose(stream);
    return true;
}

// For QEMU, which reads it from a file.
static void write_initramfs(const char *path) {
    struct file init = {NULL, 0};
    struct file busybox = {NULL, 0};
    if (!read_file(COMPARE_INIT, &init) || !read_file(COMPARE_BUSYBOX, &busybox)) {
        compare_fail(COMPARE_INIT, "cannot be opened");
    }
    const struct file archive = initramfs_build(&init, &busybox, NULL, 0);
    FILE *stream = fopen(path, "wb");
    if (archive.bytes == NULL || stream == NULL ||
        fwrite(archive.bytes, 1, archive.size, stream) != archive.size || fclose(stream) != 0) {
        compare_fail(path, "cannot be written");
    }
    free(archive.bytes);
    free(init.bytes);
    free(busybox.bytes);
}

static void judge(struct child *child, unsigned processors) {
    static char output[OUTPUT_MAX];
    size_t size = 0;
    for (int byte = child_receive(child); byte >= 0; byte = child_receive(child)) {
        if (size < sizeof output - 1) {
            output[size++] = (char)byte;
        }
    }
    output[size] = 0;
    if (!verdict(output, COMPARE_BUSYBOX_MD5, processors)) {
        compare_fail(child->name, "Linux has not done its work");
    }
}

bool boot_measure(enum side side, unsigned processors, double *time) {
    static const char program[] = COMPARE_PROGRAM_DIR "/compare_linux";
    static const char initramfs[] = ZIRCONIA_GUEST_DIR "/compare_initramfs";
    char number[12];
    struct child child;
    snprintf(number, sizeof number, "%u", processors);
    const char *const zirconia[] = {program,
                                    COMPARE_KERNEL,
                                    COMPARE_BUSYBOX,
                                    COMPARE_BUSYBOX_MD5,
                                    COMPARE_INIT,
                                    number,
                                    "1",
                                    "0",
                                    NULL};
    const char *const qemu[] = {QEMU_COMMAND, "-m",      "256",          "-smp",
                                number,       "-kernel", COMPARE_KERNEL, "-initrd",
                                initramfs,    "-append", COMMAND_LINE,   NULL};
    if (access(COMPARE_KERNEL, R_OK) != 0 || access(COMPARE_BUSYBOX, R_OK) != 0) {
        return false;
    }
    if (side == SIDE_QEMU) {
        write_initramfs(initramfs);
    }
    if (!child_start(&child, side == SIDE_QEMU ? qemu : zirconia)) {
        return false;
    }
    judge(&child, processors);
    *time = child_wait(&child);
    return true;
}
