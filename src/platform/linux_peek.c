// SPDX-License-Identifier: MIT
//
// Linux reads the memory of any process that the caller may trace, and that is always itself. A
// filter of system calls may forbid that, and emulators of a processor do not have it; the memory
// is a file besides.

#define _GNU_SOURCE // process_vm_readv()

#include "platform/peek.h"

#include "platform/threads.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/uio.h>
#include <unistd.h>

static bool peek_by_file(uintptr_t address, void *out, size_t size) {
    const int cancel_state =
        platform_cancel_off(); // open() and its kin are points of cancellation.
    const int file = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    bool done = false;
    if (file >= 0) {
        done = pread(file, out, size, (off_t)address) == (ssize_t)size;
        close(file);
    }
    platform_cancel_restore(cancel_state);
    return done;
}

bool platform_peek(uintptr_t address, void *out, size_t size) {
    const struct iovec to = {out, size};
    const struct iovec from = {(void *)address, size}; // NOLINT(performance-no-int-to-ptr)
    static _Atomic(bool) is_refused;
    if (is_refused) {
        return peek_by_file(address, out, size);
    }
    if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) == (ssize_t)size) {
        return true;
    }
    if (errno == ENOSYS || errno == EPERM) {
        is_refused = true;
        return peek_by_file(address, out, size);
    }
    return false;
}
