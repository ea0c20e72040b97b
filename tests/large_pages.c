// SPDX-License-Identifier: MIT
//
// A host whose pages are larger than ours, for tests that are linked with `--wrap` of what stands
// here: multiples of the page that ZIRCONIA_TEST_PAGE names in bytes are asked for where such a
// host asks for them, and lengths are rounded up as there. Unicorn and the C library see the real
// page.

#define _GNU_SOURCE

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

long __real_sysconf(int name);
void *__real_mmap(void *address, size_t length, int protection, int flags, int file, off_t offset);
int __real_munmap(void *address, size_t length);
int __real_mprotect(void *address, size_t length, int protection);
off_t __real_lseek(int file, off_t offset, int whence);
long __wrap_sysconf(int name);
void *__wrap_mmap(void *address, size_t length, int protection, int flags, int file, off_t offset);
int __wrap_munmap(void *address, size_t length);
int __wrap_mprotect(void *address, size_t length, int protection);
off_t __wrap_lseek(int file, off_t offset, int whence);

static size_t page_size(void) {
    const char *text = getenv("ZIRCONIA_TEST_PAGE");
    return text != NULL ? strtoul(text, NULL, 10) : (size_t)__real_sysconf(_SC_PAGESIZE);
}

static bool is_aligned(uintptr_t value) {
    return value % page_size() == 0;
}

static size_t round_up(size_t length) {
    return (length + page_size() - 1) / page_size() * page_size();
}

long __wrap_sysconf(int name) {
    const long value = __real_sysconf(name);
    switch (name) {
    case _SC_PAGESIZE:
        return (long)page_size();
    case _SC_PHYS_PAGES:
        return value / ((long)page_size() / __real_sysconf(_SC_PAGESIZE));
    default:
        return value;
    }
}

// --- Mappings ---

// An address that is a multiple, with nothing behind it.
static void *reserve(size_t length) {
    const size_t room = length + page_size();
    uint8_t *got =
        __real_mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (got == MAP_FAILED) {
        return MAP_FAILED;
    }
    const size_t before = round_up((uintptr_t)got) - (uintptr_t)got;
    if (before > 0) {
        __real_munmap(got, before);
    }
    if (room - before > length) {
        __real_munmap(got + before + length, room - before - length);
    }
    return got + before;
}

void *__wrap_mmap(void *address, size_t length, int protection, int flags, int file, off_t offset) {
    const bool fixed = (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) != 0;
    const size_t rounded = round_up(length);
    if (!is_aligned((uintptr_t)offset) || (fixed && !is_aligned((uintptr_t)address)) ||
        length == 0 || rounded < length) {
        errno = EINVAL;
        return MAP_FAILED;
    }
    if (fixed) {
        return __real_mmap(address, rounded, protection, flags, file, offset);
    }
    void *at = rounded > SIZE_MAX - page_size() ? MAP_FAILED : reserve(rounded);
    if (at == MAP_FAILED) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    void *got = __real_mmap(at, rounded, protection, flags | MAP_FIXED, file, offset);
    if (got == MAP_FAILED) {
        const int error = errno;
        __real_munmap(at, rounded);
        errno = error;
    }
    return got;
}

int __wrap_munmap(void *address, size_t length) {
    if (!is_aligned((uintptr_t)address)) {
        errno = EINVAL;
        return -1;
    }
    return __real_munmap(address, round_up(length));
}

int __wrap_mprotect(void *address, size_t length, int protection) {
    if (!is_aligned((uintptr_t)address)) {
        errno = EINVAL;
        return -1;
    }
    return __real_mprotect(address, round_up(length), protection);
}

// --- Files: a page has been written where any of it has ---

static off_t find_hole(int file, off_t offset) {
    const off_t page = (off_t)page_size();
    off_t at = offset / page * page;
    off_t data = __real_lseek(file, at, SEEK_DATA);
    while (data >= at && data < at + page) {
        at = (off_t)round_up((size_t)__real_lseek(file, data, SEEK_HOLE));
        data = __real_lseek(file, at, SEEK_DATA);
    }
    return at > offset ? at : offset;
}

off_t __wrap_lseek(int file, off_t offset, int whence) {
    const off_t found = __real_lseek(file, offset, whence);
    if (found < 0) {
        return found;
    }
    switch (whence) {
    case SEEK_DATA: {
        const off_t start = found / (off_t)page_size() * (off_t)page_size();
        return start > offset ? start : offset;
    }
    case SEEK_HOLE:
        return find_hole(file, offset);
    default:
        return found;
    }
}
