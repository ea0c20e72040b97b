// SPDX-License-Identifier: MIT
//
// Shareable pages and address space of POSIX systems. The pages are those of a file without a
// name, which takes storage only where it has been written.

#if defined(__linux__)
#define _GNU_SOURCE // memfd_create, MAP_FIXED_NOREPLACE, fallocate, SEEK_DATA
#else
#define _DEFAULT_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include "platform/posix_memory.h"

#include "platform/platform.h"
#include "platform/threads.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif
#ifndef MAP_JIT
#define MAP_JIT 0 // macOS asks for it where code is made.
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0 // The address is then a hint, and the result is compared with it.
#endif

// macOS takes one size for an object of shared memory, and maps nothing that is beyond it. So it is
// in builds with ZIRCONIA_PORTABLE, of all that is no file of a folder.
#if defined(__APPLE__) || defined(ZIRCONIA_PORTABLE)
#define SHARED_KEEPS_SIZE true
#else
#define SHARED_KEEPS_SIZE false
#endif

struct platform_memory {
    int file;
    uint64_t end; // Nothing beyond can be mapped; UINT64_MAX where that does not matter.
};

enum { FIRST_OWN_DESCRIPTOR = STDERR_FILENO + 1 };

// No point of cancellation, and errno stays.
static void close_file(int file) {
    const int cancel_state = platform_cancel_off();
    const int error = errno;
    close(file);
    errno = error;
    platform_cancel_restore(cancel_state);
}

// A program that has closed its standard streams still writes to them now and then, which must not
// land in guest memory. Closed when an exec() comes, too.
static int keep_off_standard_streams(int file) {
    if (file >= FIRST_OWN_DESCRIPTOR || file < 0) {
        return file;
    }
    const int own = fcntl(file, F_DUPFD_CLOEXEC, FIRST_OWN_DESCRIPTOR);
    close_file(file);
    return own;
}

static int close_on_exec(int file) {
    fcntl(file, F_SETFD, FD_CLOEXEC);
    return file;
}

int nameless_file_memfd(void) {
#if defined(__linux__)
    return keep_off_standard_streams(memfd_create("zirconia-vmo", MFD_CLOEXEC));
#else
    errno = ENOSYS;
    return -1;
#endif
}

int nameless_file_shared(void) {
    for (int tries = 0; tries < 8; tries++) {
        uint64_t number = 0;
        char name[32]; // macOS allows 31 characters.
        platform_random(&number, sizeof(number));
        snprintf(name, sizeof(name), "/zirconia-%016" PRIx64, number);
        const int file = shm_open(name, O_RDWR | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR);
        if (file >= 0) {
            shm_unlink(name);
            return keep_off_standard_streams(close_on_exec(file));
        }
        if (errno != EEXIST) {
            return -1;
        }
    }
    return -1;
}

int nameless_file_temporary(void) {
    const char *folder = getenv("TMPDIR");
    char name[4096];
    const int length = snprintf(name, sizeof(name), "%s/zirconia-XXXXXX",
                                folder != NULL && folder[0] != '\0' ? folder : "/tmp");
    if (length < 0 || (size_t)length >= sizeof(name)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    const int file = mkstemp(name);
    if (file < 0) {
        return file;
    }
    unlink(name);
    return keep_off_standard_streams(close_on_exec(file));
}

struct platform_memory *memory_from_file(int file, uint64_t size) {
    if (file < 0) {
        return NULL;
    }
    const uint64_t page = platform_page_size();
    struct platform_memory *memory = NULL;
    if (size <= INT64_MAX - (page - 1)) {
        const uint64_t rounded = (size + page - 1) / page * page;
        if (ftruncate(file, (off_t)rounded) == 0) {
            memory = malloc(sizeof(*memory));
        }
    }
    if (memory == NULL) {
        close_file(file);
        return NULL;
    }
    memory->file = file;
    memory->end = UINT64_MAX;
    return memory;
}

static int open_first(bool shared, bool *is_shared) {
    const int cancel_state = platform_cancel_off(); // Some of them are points of cancellation.
    int file = shared ? nameless_file_memfd() : -1;
    if (shared && file < 0) {
        file = nameless_file_shared();
    }
    *is_shared = file >= 0;
    if (file < 0) {
        file = nameless_file_temporary();
    }
    platform_cancel_restore(cancel_state);
    return file;
}

struct platform_memory *platform_memory_create(uint64_t size, bool grows) {
    bool is_shared = false;
    const int file = open_first(!grows || !SHARED_KEEPS_SIZE, &is_shared);
    struct platform_memory *memory = memory_from_file(file, size);
    if (memory != NULL && is_shared && SHARED_KEEPS_SIZE) {
        const uint64_t page = platform_page_size();
        memory->end = (size + page - 1) / page * page;
    }
    return memory;
}

void platform_memory_destroy(struct platform_memory *memory) {
    close_file(memory->file);
    free(memory);
}

bool platform_memory_grow(struct platform_memory *memory, uint64_t size) {
    const uint64_t page = platform_page_size();
    struct stat status;
    if (size > INT64_MAX - (page - 1) || fstat(memory->file, &status) != 0) {
        return false;
    }
    if (memory->end != UINT64_MAX) {
        return size <= memory->end;
    }
    const off_t rounded = (off_t)((size + page - 1) / page * page);
    return rounded <= status.st_size || ftruncate(memory->file, rounded) == 0;
}

bool platform_memory_discard(struct platform_memory *memory, uint64_t offset, uint64_t length) {
#if defined(FALLOC_FL_PUNCH_HOLE)
    const int cancel_state = platform_cancel_off();
    const bool done = fallocate(memory->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                (off_t)offset, (off_t)length) == 0;
    platform_cancel_restore(cancel_state);
    return done;
#else
    (void)memory;
    (void)offset;
    (void)length;
    return false;
#endif
}

// Elsewhere what was stored to a mapping, and not been written to the disk yet, may count as a
// hole.
uint64_t platform_memory_find_data(struct platform_memory *memory, uint64_t offset) {
#if defined(__linux__)
    const off_t found = lseek(memory->file, (off_t)offset, SEEK_DATA);
    if (found >= 0) {
        return (uint64_t)found;
    }
    return errno == ENXIO ? UINT64_MAX : offset;
#else
    (void)memory;
    return offset;
#endif
}

// The files of macOS that are memory have no blocks.
bool platform_memory_count(struct platform_memory *memory, uint64_t *bytes) {
#if defined(__linux__)
    enum { BLOCK = 512 };
    struct stat status;
    if (fstat(memory->file, &status) == 0) {
        *bytes = (uint64_t)status.st_blocks * BLOCK;
        return true;
    }
#else
    (void)memory;
    (void)bytes;
#endif
    return false;
}

bool platform_memory_count_range(struct platform_memory *memory, uint64_t offset, uint64_t length,
                                 uint64_t *bytes) {
#if defined(__linux__)
    const off_t end = (off_t)(offset + length);
    off_t at = lseek(memory->file, (off_t)offset, SEEK_DATA);
    *bytes = 0;
    while (at >= 0 && at < end) {
        const off_t hole = lseek(memory->file, at, SEEK_HOLE);
        if (hole <= at) {
            break;
        }
        *bytes += (uint64_t)((hole < end ? hole : end) - at);
        at = lseek(memory->file, hole, SEEK_DATA);
    }
    return true;
#else
    (void)offset;
    (void)length;
    return platform_memory_count(memory, bytes);
#endif
}

static int host_protection(unsigned protection) {
    return ((protection & PLATFORM_READ) != 0 ? PROT_READ : 0) |
           ((protection & PLATFORM_WRITE) != 0 ? PROT_WRITE : 0) |
           ((protection & PLATFORM_EXECUTE) != 0 ? PROT_EXEC : 0);
}

static void *map_file(int file, uint64_t offset, size_t length, unsigned protection, void *fixed) {
    const int flags = MAP_SHARED | MAP_NORESERVE | (fixed != NULL ? MAP_FIXED : 0);
    void *address = mmap(fixed, length, host_protection(protection), flags, file, (off_t)offset);
    return address == MAP_FAILED ? NULL : address;
}

static struct platform_once empty_file_once = PLATFORM_ONCE_INIT;
static int empty_file = -1;

static void open_empty_file(void) {
    const int cancel_state = platform_cancel_off();
    empty_file = nameless_file_temporary();
    platform_cancel_restore(cancel_state);
}

// What is beyond the end is mapped from a file without contents, and faults like any file beyond
// its end, whatever its protection becomes.
static void *map_beyond(const struct platform_memory *memory, uint64_t offset, size_t length,
                        unsigned protection, void *fixed) {
    const size_t inside = offset < memory->end ? (size_t)(memory->end - offset) : 0;
    platform_call_once(&empty_file_once, open_empty_file);
    char *address = map_file(empty_file, 0, length, protection, fixed);
    if (address != NULL && inside > 0 &&
        map_file(memory->file, offset, inside, protection, address) == NULL) {
        if (fixed == NULL) {
            munmap(address, length);
        }
        return NULL;
    }
    return address;
}

void *platform_memory_map(struct platform_memory *memory, uint64_t offset, size_t length,
                          unsigned protection, void *fixed) {
    if (offset > INT64_MAX) {
        return NULL;
    }
    if (offset > memory->end || length > memory->end - offset) {
        return map_beyond(memory, offset, length, protection, fixed);
    }
    return map_file(memory->file, offset, length, protection, fixed);
}

static void *reserve(void *address, size_t length, int flags) {
    return mmap(address, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1,
                0);
}

void *platform_reserve(size_t length) {
    void *address = reserve(NULL, length, 0);
    return address == MAP_FAILED ? NULL : address;
}

bool platform_reserve_at(void *address, size_t length, bool *taken) {
    void *got = reserve(address, length, MAP_FIXED_NOREPLACE);
    *taken = got == MAP_FAILED ? errno == EEXIST : got != address;
    if (got == address) {
        return true;
    }
    if (got != MAP_FAILED) {
        munmap(got, length);
    }
    return false;
}

bool platform_reset(void *address, size_t length) {
    return reserve(address, length, MAP_FIXED) == address;
}

bool platform_replace(void *address, size_t length) {
    return mmap(address, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
                -1, 0) == address;
}

bool platform_unmap(void *address, size_t length) {
    return munmap(address, length) == 0;
}

bool platform_protect(void *address, size_t length, unsigned protection) {
    return mprotect(address, length, host_protection(protection)) == 0;
}

// Forbidden: PR_SET_MDWE of Linux, SELinux without execmem, a seccomp filter.
enum platform_grant platform_ask_executable(size_t length) {
    void *pages = mmap(NULL, length, PROT_READ | PROT_WRITE | PROT_EXEC,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_JIT, -1, 0);
    if (pages == MAP_FAILED) {
        return errno == ENOMEM || errno == EAGAIN ? PLATFORM_EXHAUSTED : PLATFORM_FORBIDDEN;
    }
    munmap(pages, length);
    return PLATFORM_GRANTED;
}

size_t platform_page_size(void) {
    return (size_t)sysconf(_SC_PAGESIZE);
}

uint64_t platform_address_limit(void) {
#if defined(__x86_64__)
    return UINT64_C(0x7ffffffff000); // objects ABI 5.7.
#elif UINTPTR_MAX > UINT32_MAX
    return UINT64_C(1) << 48;
#else
    return UINT32_MAX;
#endif
}
