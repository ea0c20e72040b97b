// SPDX-License-Identifier: MIT
//
// Every place of the library's own that asks the host for memory, for a file without a name or for
// a thread is refused in turn. The call fails with a documented status, leaves nothing behind, and
// works the next time. The linker puts functions of ours in the place of the host's (--wrap), in
// the library and not in Unicorn or Capstone, which do not look at what they are given.

#define _GNU_SOURCE

#include "objects/object.h"
#include "run_tests.h"
#include "tasks/door.h"
#include "thread_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zircon/syscalls/hypervisor.h>
#include <zircon/syscalls/resource.h>
#include <zirconia/coverage.h>
#include <zirconia/decode.h>
#include <zirconia/snapshot.h>
#include <zirconia/virtual_time.h>
#include <zirconia/zirconia.h>

// --- The host, refusing ---

static atomic_int refuse_at; // 0: nothing is refused.
static atomic_int asked;
static atomic_bool refused;
static atomic_long blocks; // Blocks that are allocated and not freed.
static atomic_long mapped; // In bytes.

// What this file and Check themselves ask for, in front of the door, is let through.
static bool is_refused(int error) {
    if (atomic_load(&refuse_at) == 0 || door.depth == 0 ||
        atomic_fetch_add(&asked, 1) + 1 != atomic_load(&refuse_at)) {
        return false;
    }
    atomic_store(&refused, true);
    errno = error;
    return true;
}

static void *count_block(void *block) {
    atomic_fetch_add(&blocks, block != NULL);
    return block;
}

// clang-format off
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void __real_free(void *block);
void *__real_mmap(void *address, size_t length, int protection, int flags, int file, off_t offset);
int __real_munmap(void *address, size_t length);
int __real_memfd_create(const char *name, unsigned flags);
int __real_ftruncate(int file, off_t size);
int __real_mprotect(void *address, size_t length, int protection);
int __wrap_mprotect(void *address, size_t length, int protection);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*function)(void *), void *argument);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __wrap_free(void *block);
void *__wrap_mmap(void *address, size_t length, int protection, int flags, int file, off_t offset);
int __wrap_munmap(void *address, size_t length);
int __wrap_memfd_create(const char *name, unsigned flags);
int __wrap_ftruncate(int file, off_t size);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*function)(void *), void *argument);
void *__real_realloc(void *block, size_t size);
// clang-format on

void *__wrap_malloc(size_t size) {
    return is_refused(ENOMEM) ? NULL : count_block(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size) {
    return is_refused(ENOMEM) ? NULL : count_block(__real_calloc(count, size));
}

void *__wrap_realloc(void *block, size_t size) {
    if (is_refused(ENOMEM)) {
        return NULL;
    }
    void *moved = __real_realloc(block, size);
    return block == NULL ? count_block(moved) : moved;
}

void __wrap_free(void *block) {
    atomic_fetch_sub(&blocks, block != NULL);
    __real_free(block);
}

void *__wrap_mmap(void *address, size_t length, int protection, int flags, int file, off_t offset) {
    if (is_refused(ENOMEM)) {
        return MAP_FAILED;
    }
    void *start = __real_mmap(address, length, protection, flags, file, offset);
    if (start != MAP_FAILED && (flags & MAP_FIXED) == 0) {
        atomic_fetch_add(&mapped, (long)length);
    }
    return start;
}

int __wrap_munmap(void *address, size_t length) {
    atomic_fetch_sub(&mapped, (long)length);
    return __real_munmap(address, length);
}

int __wrap_memfd_create(const char *name, unsigned flags) {
    return is_refused(EMFILE) ? -1 : __real_memfd_create(name, flags);
}

int __wrap_ftruncate(int file, off_t size) {
    return is_refused(ENOSPC) ? -1 : __real_ftruncate(file, size);
}

int __wrap_mprotect(void *address, size_t length, int protection) {
    return is_refused(ENOMEM) ? -1 : __real_mprotect(address, length, protection);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*function)(void *), void *argument) {
    return is_refused(EAGAIN) ? EAGAIN
                              : __real_pthread_create(thread, attributes, function, argument);
}

// --- What a client does. Each undoes all that it has done, however far it came. ---

static zx_handle_t opened[16];
static unsigned opened_count;

static zx_handle_t *next_handle(void) {
    zx_handle_t *handle = &opened[opened_count++];
    *handle = ZX_HANDLE_INVALID;
    return handle;
}

static void close_opened(void) {
    while (opened_count > 0) {
        ck_assert_int_eq(zx_handle_close(opened[--opened_count]), ZX_OK);
    }
}

#define TRY(call)                                                                                  \
    do {                                                                                           \
        const zx_status_t tried = (call);                                                          \
        if (tried != ZX_OK) {                                                                      \
            return tried;                                                                          \
        }                                                                                          \
    } while (0)

static zx_status_t use_events(void) {
    zx_handle_t *event = next_handle();
    TRY(zx_event_create(0, event));
    TRY(zx_handle_duplicate(*event, ZX_RIGHT_SAME_RIGHTS, next_handle()));
    zx_handle_t *first = next_handle();
    return zx_eventpair_create(0, first, next_handle());
}

static zx_status_t use_timer(void) {
    zx_handle_t *timer = next_handle();
    TRY(zx_timer_create(0, ZX_CLOCK_MONOTONIC, timer));
    TRY(zx_timer_set(*timer, zx_deadline_after(ZX_SEC(1000)), 0));
    return zx_timer_cancel(*timer);
}

static zx_status_t use_port(void) {
    zx_port_packet_t packet = {.type = ZX_PKT_TYPE_USER};
    zx_handle_t *port = next_handle();
    zx_handle_t *event = next_handle();
    TRY(zx_port_create(0, port));
    TRY(zx_port_queue(*port, &packet));
    TRY(zx_port_wait(*port, 0, &packet));
    TRY(zx_event_create(0, event));
    TRY(zx_object_wait_async(*event, *port, 1, ZX_EVENT_SIGNALED, 0));
    TRY(zx_object_signal(*event, 0, ZX_EVENT_SIGNALED));
    return zx_port_wait(*port, 0, &packet);
}

static zx_status_t use_waits(void) {
    zx_handle_t *event = next_handle();
    TRY(zx_event_create(0, event));
    zx_wait_item_t items[ZX_WAIT_MANY_MAX_ITEMS];
    for (size_t i = 0; i < ZX_WAIT_MANY_MAX_ITEMS; i++) {
        items[i] = (zx_wait_item_t){.handle = *event, .waitfor = ZX_EVENT_SIGNALED};
    }
    TRY(zx_object_signal(*event, 0, ZX_EVENT_SIGNALED));
    TRY(zx_object_wait_one(*event, ZX_EVENT_SIGNALED, 0, NULL));
    return zx_object_wait_many(items, ZX_WAIT_MANY_MAX_ITEMS, 0);
}

static zx_status_t use_vmo(void) {
    static char bytes[3 * 4096];
    zx_handle_t *vmo = next_handle();
    TRY(zx_vmo_create(0x10000, ZX_VMO_RESIZABLE, vmo));
    TRY(zx_vmo_write(*vmo, bytes, 0, sizeof bytes));
    TRY(zx_vmo_set_size(*vmo, 0x20000));
    TRY(zx_vmo_read(*vmo, bytes, 0x1f000, 0x1000));
    TRY(zx_vmo_op_range(*vmo, ZX_VMO_OP_DECOMMIT, 0, 0x2000, NULL, 0));
    TRY(zx_vmo_create_child(*vmo, ZX_VMO_CHILD_SNAPSHOT, 0, 0x3000, next_handle()));
    zx_handle_t *fixed = next_handle();
    TRY(zx_vmo_create(0x4000, 0, fixed));
    return zx_vmo_create_child(*fixed, ZX_VMO_CHILD_SLICE, 0x1000, 0x1000, next_handle());
}

static zx_status_t map_and_unmap(zx_handle_t region, zx_handle_t vmo) {
    zx_vaddr_t address = 0;
    TRY(zx_vmar_map(region, ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, 0, vmo, 0, 0x4000, &address));
    zx_status_t status = zx_vmar_protect(region, ZX_VM_PERM_READ, address + 0x1000, 0x1000);
    for (uint64_t offset = 0; offset < 0x4000; offset += 0x1000) { // In the middle first.
        zx_status_t unmapped = ZX_OK;
        do {
            unmapped = zx_vmar_unmap(region, address + (offset ^ 0x1000), 0x1000);
            status = status == ZX_OK ? unmapped : status;
        } while (unmapped == ZX_ERR_NO_MEMORY);
        ck_assert_int_eq(unmapped, ZX_OK);
    }
    return status;
}

static zx_status_t have(zx_handle_t handle) {
    return handle != ZX_HANDLE_INVALID ? ZX_OK : ZX_ERR_NO_MEMORY;
}

static zx_status_t use_vmar(void) {
    zx_vaddr_t address = 0;
    TRY(have(zx_vmar_root_self()));
    zx_handle_t *vmo = next_handle();
    zx_handle_t *region = next_handle();
    TRY(zx_vmo_create(0x4000, 0, vmo));
    TRY(map_and_unmap(zx_vmar_root_self(), *vmo));
    TRY(zx_vmar_allocate(zx_vmar_root_self(), ZX_VM_CAN_MAP_READ | ZX_VM_CAN_MAP_WRITE, 0, 0x100000,
                         region, &address));
    const zx_status_t status = map_and_unmap(*region, *vmo);
    ck_assert_int_eq(zx_vmar_destroy(*region), ZX_OK);
    return status;
}

static atomic_bool has_run;

static void end_at_once(uintptr_t first, uintptr_t second) {
    (void)first;
    (void)second;
    atomic_store(&has_run, true);
    zx_thread_exit();
}

static zx_status_t use_thread(void) {
    static unsigned char stack[STACK_SIZE];
    const struct worker worker = {.stack = stack};
    zx_handle_t *thread = next_handle();
    TRY(have(zx_process_self()));
    TRY(zx_thread_create(zx_process_self(), "worker", 6, 0, thread));
    TRY(zx_thread_start(*thread, (zx_vaddr_t)end_at_once, worker_stack(&worker), 0, 0));
    TRY(zx_object_wait_one(*thread, ZX_THREAD_TERMINATED, ZX_TIME_INFINITE, NULL));
    ck_assert(atomic_exchange(&has_run, false));
    return ZX_OK;
}

static zx_status_t use_exceptions(void) {
    zx_handle_t *port = next_handle();
    TRY(have(zx_process_self()));
    TRY(zx_port_create(0, port));
    TRY(zx_task_bind_exception_port(zx_process_self(), *port, 1, 0));
    ck_assert_int_eq(zx_task_bind_exception_port(zx_process_self(), 0, 1, 0), ZX_OK);
    return zx_task_create_exception_channel(zx_process_self(), 0, next_handle());
}

static zx_status_t use_tasks(void) {
    zx_koid_t koids[4];
    zx_handle_t *thread = next_handle();
    TRY(have(zx_thread_self()));
    TRY(have(zx_process_self()));
    TRY(zx_thread_create(zx_process_self(), "new", 3, 0, thread));
    TRY(zx_task_suspend_token(*thread, next_handle()));
    TRY(zirconia_resource_create(ZX_RSRC_KIND_ROOT, 0, 0, next_handle()));
    TRY(zx_object_get_info(zx_process_self(), ZX_INFO_PROCESS_MAPS, NULL, 0, NULL, NULL));
    TRY(zx_object_get_info(zx_process_self(), ZX_INFO_PROCESS_VMOS, NULL, 0, NULL, NULL));
    return zx_object_get_info(zx_process_self(), ZX_INFO_PROCESS_THREADS, koids, sizeof koids, NULL,
                              NULL);
}

static zx_status_t use_decoder(void) {
    static const uint8_t load[] = {0x8b, 0x07};
    const zx_vcpu_state_t state = {0};
    zirconia_mmio_access_t access;
    char text[32];
    TRY(zirconia_disassemble(load, sizeof load, ZIRCONIA_CODE_32, 0, text, sizeof text, NULL));
    return zirconia_mmio_decode(load, sizeof load, ZIRCONIA_CODE_64, &state, &access);
}

struct guest_handles {
    zx_handle_t *guest;
    zx_handle_t *vmar;
    zx_handle_t *memory;
    zx_handle_t *port;
    zx_handle_t *vcpu;
};

static zx_status_t make_guest(struct guest_handles *handles) {
    zx_handle_t *resource = next_handle();
    *handles = (struct guest_handles){next_handle(), next_handle(), next_handle(), next_handle(),
                                      next_handle()};
    TRY(zirconia_hypervisor_resource(resource));
    TRY(zx_guest_create(*resource, 0, handles->guest, handles->vmar));
    zx_handle_t plain = ZX_HANDLE_INVALID;
    TRY(zx_vmo_create(0x200000, 0, &plain));
    TRY(zx_vmo_replace_as_executable(plain, ZX_HANDLE_INVALID, handles->memory));
    return zx_port_create(0, handles->port);
}

// The guest writes to port 1, rings a bell and stores to a MEM trap.
static const uint8_t program[] = {
    0xe6, 0x01,                            // out 1, al
    0xa2, 0,    0,    0, 0xe0, 0, 0, 0, 0, // mov [0xe0000000], al
    0xa2, 0,    0x10, 0, 0xe0, 0, 0, 0, 0, // mov [0xe0001000], al
};

static zx_status_t fill_memory(zx_handle_t memory) {
    static const uint64_t tables[] = {0x1007};
    uint64_t pages[4];
    for (unsigned i = 0; i < 4; i++) {
        pages[i] = ((uint64_t)i << 30) | 0x87;
    }
    TRY(zx_vmo_write(memory, tables, 0, sizeof tables));
    TRY(zx_vmo_write(memory, pages, 0x1000, sizeof pages));
    return zx_vmo_write(memory, program, 0x10000, sizeof program);
}

static zx_status_t map_memory(const struct guest_handles *handles) {
    zx_vaddr_t address = 0;
    const zx_vm_option_t all = ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_PERM_EXECUTE;
    TRY(zx_vmar_map(*handles->vmar, all | ZX_VM_SPECIFIC, 0, *handles->memory, 0, 0x200000,
                    &address));
    TRY(zx_vmar_map(*handles->vmar, all | ZX_VM_SPECIFIC, 0x40000000, *handles->memory, 0, 0x200000,
                    &address));
    TRY(zx_vmar_protect(*handles->vmar, ZX_VM_PERM_READ, 0x40001000, 0x1000));
    return zx_vmar_unmap(*handles->vmar, 0x40000000, 0x200000);
}

static zx_status_t set_traps(const struct guest_handles *handles) {
    TRY(zx_guest_set_trap(*handles->guest, ZX_GUEST_TRAP_IO, 1, 1, ZX_HANDLE_INVALID, 0));
    TRY(zx_guest_set_trap(*handles->guest, ZX_GUEST_TRAP_BELL, 0xe0000000, 0x1000, *handles->port,
                          0));
    return zx_guest_set_trap(*handles->guest, ZX_GUEST_TRAP_MEM, 0xe0001000, 0x1000,
                             ZX_HANDLE_INVALID, 0);
}

static zx_status_t run_program(const struct guest_handles *handles) {
    zx_port_packet_t packet;
    TRY(zx_vcpu_enter(*handles->vcpu, &packet));
    ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_GUEST_IO);
    zx_status_t status = zx_vcpu_enter(*handles->vcpu, &packet);
    TRY(status);
    ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_GUEST_MEM);
    return zx_port_wait(*handles->port, 0, &packet);
}

static zx_status_t start_guest(struct guest_handles *handles, bool virtual_time) {
    TRY(make_guest(handles));
    TRY(fill_memory(*handles->memory));
    TRY(map_memory(handles));
    TRY(set_traps(handles));
    if (virtual_time) {
        TRY(zirconia_guest_use_virtual_time(*handles->guest));
    }
    TRY(zx_vcpu_create(*handles->guest, 0, 0x10000, handles->vcpu));
    return zx_vcpu_interrupt(*handles->vcpu, 40);
}

static zx_status_t use_guest(bool virtual_time) {
    struct guest_handles handles;
    TRY(start_guest(&handles, virtual_time));
    return run_program(&handles);
}

static zx_status_t use_guest_in_real_time(void) {
    return use_guest(false);
}

static zx_status_t use_guest_in_virtual_time(void) {
    return use_guest(true);
}

static bool save_device(void *context, void *state, size_t size) {
    memcpy(state, context, size);
    return true;
}

// Check would allocate memory here, which may be refused.
static void restore_device(void *context, const void *state, size_t size) {
    if (memcmp(state, context, size) != 0) {
        abort();
    }
}

static struct {
    size_t size;
    unsigned char bytes[0x100000];
} file;

static bool write_file(void *context, const void *bytes, size_t size) {
    (void)context;
    if (size > sizeof file.bytes - file.size) {
        abort();
    }
    memcpy(file.bytes + file.size, bytes, size);
    file.size += size;
    return true;
}

static zx_status_t use_file(zx_handle_t guest, zx_handle_t snapshot) {
    zx_handle_t *const loaded = next_handle();
    file.size = 0;
    TRY(zirconia_snapshot_save(guest, snapshot, write_file, NULL));
    TRY(zirconia_snapshot_load(guest, 0, file.bytes, file.size, loaded));
    return zirconia_guest_restore(guest, *loaded);
}

// The second is closed, and becomes a part of the third as the fourth is taken.
static zx_status_t use_tower(const struct guest_handles *handles) {
    zx_handle_t *const rows[] = {next_handle(), next_handle(), next_handle()};
    for (unsigned i = 0; i < 3; i++) {
        TRY(zx_vmo_write(*handles->memory, &i, 0x5000, sizeof i));
        TRY(zirconia_guest_snapshot(*handles->guest, 0, rows[i]));
        if (i == 1) {
            TRY(zx_handle_close(*rows[0]));
            *rows[0] = ZX_HANDLE_INVALID;
        }
    }
    return zirconia_guest_restore(*handles->guest, *rows[1]);
}

static zx_status_t use_snapshots(void) {
    static char device[100] = "as it was";
    static uint8_t map[64];
    struct guest_handles handles;
    TRY(start_guest(&handles, true));
    zx_handle_t *const snapshot = next_handle();
    TRY(zirconia_guest_set_devices(*handles.guest, sizeof device, save_device, restore_device,
                                   device));
    TRY(zirconia_guest_snapshot(*handles.guest, 0, snapshot));
    TRY(zirconia_guest_set_coverage(*handles.guest, 0, map, sizeof map));
    TRY(run_program(&handles));
    TRY(zirconia_guest_restore(*handles.guest, *snapshot));
    TRY(run_program(&handles));
    TRY(use_tower(&handles));
    TRY(zirconia_guest_restore(*handles.guest, *snapshot));
    TRY(use_file(*handles.guest, *snapshot));
    return run_program(&handles);
}

static zx_status_t (*const uses[])(void) = {
    use_events,
    use_timer,
    use_port,
    use_waits,
    use_vmo,
    use_vmar,
    use_thread,
    use_exceptions,
    use_tasks,
    use_decoder,
    use_guest_in_real_time,
    use_guest_in_virtual_time,
    use_snapshots,
};

enum { USE_COUNT = sizeof uses / sizeof uses[0] };

// --- Refusing in turn ---

struct figures {
    long blocks;
    long mapped;
    uint64_t objects;
    int files;
};

static int count_entries(const char *name) {
    int count = 0;
    DIR *folder = opendir(name);
    ck_assert_ptr_nonnull(folder);
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count;
}

// Waits first until the host has no trace of threads that have ended.
static struct figures measure(int threads) {
    while (count_entries("/proc/self/task") > threads) {
        sched_yield();
    }
    return (struct figures){atomic_load(&blocks), atomic_load(&mapped), object_count(),
                            count_entries("/proc/self/fd")};
}

static zx_status_t use_with(zx_status_t (*use)(void), int at) {
    atomic_store(&asked, 0);
    atomic_store(&refused, false);
    atomic_store(&refuse_at, at);
    const zx_status_t status = use();
    atomic_store(&refuse_at, 0);
    return status;
}

static bool is_documented(zx_status_t status) {
    return status == ZX_OK || status == ZX_ERR_NO_MEMORY;
}

// The first use is not measured: the library keeps some things for the next time.
START_TEST(a_refusal_leaves_nothing_behind) {
    const bool has_timers = uses[_i] == use_timer || uses[_i] == use_guest_in_real_time;
    const int threads = count_entries("/proc/self/task") + has_timers;
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(uses[_i](), ZX_OK);
        close_opened();
    }
    const struct figures before = measure(threads);
    for (int at = 1;; at++) {
        const zx_status_t status = use_with(uses[_i], at);
        ck_assert_msg(is_documented(status), "use %d, refusal %d: status %d", _i, at, status);
        close_opened();
        const struct figures after = measure(threads);
        ck_assert_msg(after.objects == before.objects && after.files == before.files,
                      "use %d, refusal %d: %ld more objects, %d more files", _i, at,
                      (long)(after.objects - before.objects), after.files - before.files);
        ck_assert_msg(after.blocks <= before.blocks && after.mapped <= before.mapped,
                      "use %d, refusal %d: %ld more blocks, %ld more bytes mapped", _i, at,
                      after.blocks - before.blocks, after.mapped - before.mapped);
        ck_assert_msg(uses[_i]() == ZX_OK, "use %d does not work after refusal %d", _i, at);
        close_opened();
        if (!atomic_load(&refused)) {
            return;
        }
    }
}
END_TEST

enum { CHILD_DONE = 77 };

static int refuse_in_child(zx_status_t (*use)(void), int at) {
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        const zx_status_t status = use_with(use, at);
        const bool was_refused = atomic_load(&refused);
        close_opened();
        if (!is_documented(status)) {
            fprintf(stderr, "refusal %d: status %d\n", at, status);
            _exit(1);
        }
        const zx_status_t again = use();
        if (again != ZX_OK) {
            fprintf(stderr, "after refusal %d: status %d\n", at, again);
            _exit(2);
        }
        _exit(was_refused ? 0 : CHILD_DONE);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status), "refusal %d: signal %d", at, WTERMSIG(status));
    return WEXITSTATUS(status);
}

// Each runs in a process of its own, which has not called the library before.
START_TEST(a_refusal_at_the_first_use_is_not_for_ever) {
    int result = 0;
    int at = 0;
    while (result == 0) {
        result = refuse_in_child(uses[_i], ++at);
    }
    ck_assert_msg(result == CHILD_DONE && at > 1, "use %d, refusal %d: %d", _i, at, result);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("failed_allocations");
    TCase *tcase = tcase_create("failed allocations");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, a_refusal_leaves_nothing_behind, 0, USE_COUNT);
    tcase_add_loop_test(tcase, a_refusal_at_the_first_use_is_not_for_ever, 0, USE_COUNT);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
