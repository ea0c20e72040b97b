// SPDX-License-Identifier: MIT
//
// What the library needs from the host: locks, monotonic time, a per-thread slot, pages that can
// be mapped several times, and a copy that survives a bad pointer. posix.c and windows.c each hold
// one half of the world; nothing else in the library calls the operating system.
//
// Sizes and addresses of mappings are multiples of platform_page_size(), which may be more than
// the 4096 of the ABI (16384 on some ARM hosts).

#ifndef PLATFORM_PLATFORM_H
#define PLATFORM_PLATFORM_H

#include "platform/lock_order.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef _WIN32
#include <pthread.h>
#endif

// macOS has no semaphores without a name.
#if !defined(_WIN32) && !defined(__APPLE__)
#define PLATFORM_POSIX_SEMAPHORE 1
#include <semaphore.h>
#endif

// --- What clang's -Wthread-safety is told of locks ---

// Other compilers see nothing of it. C has no words for a field that is GUARDED_BY another one.
#ifdef __clang__
#define THREAD_SAFETY(attribute) __attribute__((attribute))
#else
#define THREAD_SAFETY(attribute)
#endif

#define CAPABILITY(name) THREAD_SAFETY(capability(name))
#define GUARDED_BY(lock) THREAD_SAFETY(guarded_by(lock)) // A variable at file scope.
#define ACQUIRES(...) THREAD_SAFETY(acquire_capability(__VA_ARGS__))
#define TRY_ACQUIRES(...) THREAD_SAFETY(try_acquire_capability(__VA_ARGS__)) // First: on success.
#define RELEASES(...) THREAD_SAFETY(release_capability(__VA_ARGS__))
#define REQUIRES(...) THREAD_SAFETY(requires_capability(__VA_ARGS__)) // Held before and after.
#define ASSERTS(...) THREAD_SAFETY(assert_capability(__VA_ARGS__))
#define NO_THREAD_SAFETY_ANALYSIS THREAD_SAFETY(no_thread_safety_analysis)

// --- Locks ---

#ifdef _WIN32
struct CAPABILITY("mutex") platform_mutex {
    void *native;
};
struct platform_condition {
    void *native;
};
struct platform_once {
    void *native;
};
// clang-format off
#define PLATFORM_MUTEX_INIT(its_rank) {NULL}
#define PLATFORM_ONCE_INIT {NULL}
// clang-format on
#else
struct CAPABILITY("mutex") platform_mutex {
    pthread_mutex_t native;
#ifdef ZIRCONIA_RECORD_LOCKS
    enum lock_rank rank;
    struct lock_record *record; // The holder's: lock_report.h.
#endif
};
struct platform_condition {
    pthread_cond_t native;
};
struct platform_once {
    pthread_once_t native;
};
// clang-format off
#ifdef ZIRCONIA_RECORD_LOCKS
#define PLATFORM_MUTEX_INIT(its_rank) {.native = PTHREAD_MUTEX_INITIALIZER, .rank = (its_rank)}
#else
#define PLATFORM_MUTEX_INIT(its_rank) {.native = PTHREAD_MUTEX_INITIALIZER}
#endif
#define PLATFORM_ONCE_INIT {PTHREAD_ONCE_INIT}
// clang-format on
#endif

void platform_mutex_init(struct platform_mutex *mutex, enum lock_rank rank);
void platform_mutex_destroy(struct platform_mutex *mutex);
void platform_mutex_lock(struct platform_mutex *mutex) ACQUIRES(*mutex);
void platform_mutex_unlock(struct platform_mutex *mutex) RELEASES(*mutex);

#ifdef ZIRCONIA_RECORD_LOCKS
#define platform_mutex_lock(mutex) platform_mutex_lock_at(mutex, LOCK_WHERE)
void platform_mutex_lock_at(struct platform_mutex *mutex, const char *where) ACQUIRES(*mutex);
#endif

// The calling thread holds the mutex, or the process ends.
#define ASSERT_HELD(mutex) platform_mutex_assert_held(mutex, #mutex, LOCK_WHERE)
static inline void platform_mutex_assert_held(const struct platform_mutex *mutex, const char *name,
                                              const char *where) ASSERTS(*mutex) {
    lock_order_assert(mutex, name, where);
}

// Waits may end without a signal; the caller tests its own predicate again.
void platform_condition_init(struct platform_condition *condition);
void platform_condition_destroy(struct platform_condition *condition);
void platform_condition_signal(struct platform_condition *condition);
void platform_condition_broadcast(struct platform_condition *condition);
void platform_condition_wait(struct platform_condition *condition, struct platform_mutex *mutex)
    REQUIRES(*mutex);

// `deadline` is a reading of platform_monotonic(); INT64_MAX never comes. False once it has passed.
bool platform_condition_wait_until(struct platform_condition *condition,
                                   struct platform_mutex *mutex, int64_t deadline) REQUIRES(*mutex);

void platform_call_once(struct platform_once *once, void (*function)(void));

// A binary semaphore: a post is kept until the next wait, and several posts are one. One thread at
// a time waits. The last post before that thread destroys it may still be on its way out. A post
// takes no lock and may be made in a signal handler, but for hosts without such a semaphore.
#if defined(__linux__) && !defined(ZIRCONIA_PORTABLE)
struct platform_semaphore {
    atomic_uint state;
};
#elif defined(PLATFORM_POSIX_SEMAPHORE)
struct platform_semaphore {
    sem_t native;
};
#else
struct platform_semaphore {
    struct platform_mutex lock;
    struct platform_condition post;
    bool posted;
};
#endif

void platform_semaphore_init(struct platform_semaphore *semaphore);
void platform_semaphore_destroy(struct platform_semaphore *semaphore);
void platform_semaphore_post(struct platform_semaphore *semaphore);

// Deadlines are those of platform_condition_wait_until(). False without a post.
bool platform_semaphore_wait_until(struct platform_semaphore *semaphore, int64_t deadline);

enum platform_wake {
    PLATFORM_POSTED,
    PLATFORM_TIMED_OUT,
    PLATFORM_CANCELED,
};

// As platform_semaphore_wait_until(), and the host may cancel the thread meanwhile, where it knows
// such a thing: then no post is used up, and the thread ends by platform_cancel_end() (threads.h)
// as soon as it holds nothing.
enum platform_wake platform_semaphore_wait_or_cancel(struct platform_semaphore *semaphore,
                                                     int64_t deadline);

// --- Time ---

// Nanoseconds of a clock that never goes back.
int64_t platform_monotonic(void);

// Returns at once when the deadline has passed, and never early. No point of cancellation.
void platform_sleep_until(int64_t deadline);

void platform_yield(void);

// Called between two looks at something that another thread is about to change, with the number of
// tries so far: waits a moment, yields now and then, and after many tries sleeps shortly. The other
// thread may have lost its processor, and does not get it back from a thread of a higher priority
// that only yields.
void platform_back_off(unsigned tries);

// --- Threads ---

// Starts a detached thread that takes no signals of the program's. `name` is a literal of at most
// 15 characters, for debuggers. False when the host refuses.
bool platform_thread_start(const char *name, void (*function)(void *argument), void *argument);

// A slot with one value a thread. `on_exit` gets a thread's value, when it is not NULL, as that
// thread ends by any road; the slot is empty by then. Slots live as long as the process.
struct platform_thread_slot {
    uint64_t native;
};

bool platform_thread_slot_create(struct platform_thread_slot *slot, void (*on_exit)(void *value));
void *platform_thread_slot_get(const struct platform_thread_slot *slot);
bool platform_thread_slot_set(const struct platform_thread_slot *slot, void *value);

// --- Standard error ---

// Writes to the host's standard error by one call, and does not say whether that succeeded. May be
// called in a signal handler.
void platform_write_error(const char *text, size_t size);

// --- The end ---

// Writes the line, which ends in a newline, to the host's standard error and ends the process as a
// crash does. In a handler of a signal too.
_Noreturn void platform_abort(const char *line);

// --- Randomness ---

// Fills from the system's generator, or from the clock and addresses when there is none: good
// enough to scramble handle values, not for keys.
void platform_random(void *buffer, size_t size);

// --- The machine ---

uint32_t platform_processor_count(void);

// In bytes; 0 when the host does not say.
uint64_t platform_physical_memory(void);

// How long the threads of the process have run, those that ended among them, in nanoseconds.
int64_t platform_process_runtime(void);

// --- Memory ---

enum {
    PLATFORM_READ = 1,
    PLATFORM_WRITE = 2,
    PLATFORM_EXECUTE = 4,
};

size_t platform_page_size(void);

// The lowest address above every address that a mapping may have.
uint64_t platform_address_limit(void);

// Zero-filled pages that take memory only once touched and that may be mapped any number of times.
// `size` is rounded up to the host's page; 0 is legal. Only what `grows` may be given to
// platform_memory_grow(). NULL when the host refuses.
struct platform_memory;
struct platform_memory *platform_memory_create(uint64_t size, bool grows);

// Mappings stay valid after this.
void platform_memory_destroy(struct platform_memory *memory);

// Grows the memory to `size` bytes, if it has fewer; mappings stay. False when the host refuses.
bool platform_memory_grow(struct platform_memory *memory, uint64_t size);

// Gives whole pages of the host back: they are zero and without memory again. False, with nothing
// done, where the host cannot do that.
bool platform_memory_discard(struct platform_memory *memory, uint64_t offset, uint64_t length);

// The first byte from `offset` on that may not be zero, or one before it in the same stretch of
// memory; UINT64_MAX when there is none. `offset` itself where the host does not know.
uint64_t platform_memory_find_data(struct platform_memory *memory, uint64_t offset);

// How many bytes the host holds for the memory, or for a range of it. False where it does not
// count.
bool platform_memory_count(struct platform_memory *memory, uint64_t *bytes);
bool platform_memory_count_range(struct platform_memory *memory, uint64_t offset, uint64_t length,
                                 uint64_t *bytes);

// Maps part of the pages. `fixed` is NULL (anywhere) or an address inside a range that the caller
// has reserved or mapped, whose contents it replaces. The part may reach beyond the end of the
// memory: touching that faults. NULL when the host refuses.
void *platform_memory_map(struct platform_memory *memory, uint64_t offset, size_t length,
                          unsigned protection, void *fixed);

// Address space without memory, inaccessible. reserve_at() takes exactly [address, address +
// length) and only when nothing of the process lies there; `*taken` tells that case from refusal.
void *platform_reserve(size_t length);
bool platform_reserve_at(void *address, size_t length, bool *taken);

// Makes a part of a reservation inaccessible and empty again, without giving the addresses back.
bool platform_reset(void *address, size_t length);

// Puts zeros that nobody else has, to be read and written, in the place of what is mapped there.
// platform_memory_map() brings that back. False where the host cannot: nothing has changed.
bool platform_replace(void *address, size_t length);

// Gives addresses back. They may be a part of a reservation or of a mapping.
bool platform_unmap(void *address, size_t length);

bool platform_protect(void *address, size_t length, unsigned protection);

// Whether the host would give this many bytes that are writable and executable at once.
enum platform_grant { PLATFORM_GRANTED, PLATFORM_EXHAUSTED, PLATFORM_FORBIDDEN };
enum platform_grant platform_ask_executable(size_t length);

// --- Memory of the client ---

// Copies between client memory and ours. False when a byte cannot be read or written, and then
// some bytes may have been copied. No system call on POSIX unless it faults: the handlers of
// SIGSEGV and SIGBUS are taken over at the first use and pass on every fault that is not a copy's.
bool platform_copy(void *destination, const void *source, size_t size);

// As platform_copy(), and on failure also the address that faulted, or 0 when the host does not
// say.
bool platform_copy_or_fault(void *destination, const void *source, size_t size,
                            uintptr_t *fault_address);

#endif // PLATFORM_PLATFORM_H
