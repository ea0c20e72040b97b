// SPDX-License-Identifier: MIT
//
// Snapshots as bytes (zirconia_snapshot_save(), zirconia_snapshot_load()): what is damaged or of
// another guest is refused, and what somebody made up does no harm. That a guest goes on from a
// file as it does from memory is shown by test_snapshot.c.

#include "bad_memory.h"
#include "guest_fixture.h"
#include "other_thread.h"

#include <stdlib.h>
#include <string.h>
#include <zircon/process.h>
#include <zirconia/snapshot.h>
#include <zirconia/virtual_time.h>

#define BELL 0x400000u
#define CELL 0x800000u
#define DEVICE_SIZE 24u

static zx_handle_t port;
static unsigned char device[DEVICE_SIZE];

static bool save_device(void *context, void *state, size_t size) {
    memcpy(state, context, size);
    return true;
}

static void restore_device(void *context, const void *state, size_t size) {
    memcpy(context, state, size);
}

// How a guest differs from the one that the file is of.
struct kind {
    const char *name;
    bool real_time;
    bool more_traps;
    bool more_memory;
    uint64_t key;
    size_t device_size;
};

static const struct kind plain = {.name = "the same", .key = 1, .device_size = DEVICE_SIZE};

static void map_more(void) {
    zx_handle_t vmo = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 0;
    const zx_vm_option_t options = ZX_VM_SPECIFIC | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE;
    ck_assert_int_eq(zx_vmo_create(0x1000, 0, &vmo), ZX_OK);
    ck_assert_int_eq(zx_vmar_map(vmar, options, 0x3000000, vmo, 0, 0x1000, &address), ZX_OK);
}

// The program rings bells, and then goes on counting.
static void start(const struct kind *kind) {
    guest_open();
    guest_load("snapshot", ENTRY);
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    trap(ZX_GUEST_TRAP_BELL, BELL, 0x1000, port, kind->key);
    trap(ZX_GUEST_TRAP_BELL, BELL + 0x2000, 0x1000, port, 2);
    if (kind->more_traps) {
        trap(ZX_GUEST_TRAP_IO, 0x500, 1, ZX_HANDLE_INVALID, 0);
    }
    if (kind->more_memory) {
        map_more();
    }
    if (!kind->real_time) {
        ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    }
    ck_assert_int_eq(
        zirconia_guest_set_devices(guest, kind->device_size, save_device, restore_device, device),
        ZX_OK);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    zx_vcpu_state_t state = read_state();
    state.rsi = 6;
    write_state(&state);
}

// --- A file ---

struct file {
    unsigned char *bytes;
    size_t size;
    size_t most; // The most bytes that the callback takes.
};

static bool collect(void *context, const void *bytes, size_t size) {
    struct file *file = context;
    if (size > file->most - file->size) {
        return false;
    }
    file->bytes = realloc(file->bytes, file->size + size);
    ck_assert_ptr_nonnull(file->bytes);
    memcpy(file->bytes + file->size, bytes, size);
    file->size += size;
    return true;
}

static zx_handle_t snapshot_of_guest(void) {
    zx_handle_t snapshot = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zirconia_guest_snapshot(guest, 0, &snapshot), ZX_OK);
    return snapshot;
}

// Makes the file of a guest that has run, with bells that wait and a device.
static struct file make_file(const struct kind *kind) {
    struct file file = {.most = SIZE_MAX};
    start(kind);
    enter_to_end();
    memset(device, 7, sizeof device);
    const uint64_t value = 0x1122334455667788;
    memory_write(CELL, &value, sizeof value);
    const zx_handle_t snapshot = snapshot_of_guest();
    ck_assert_int_eq(zirconia_snapshot_save(guest, snapshot, collect, &file), ZX_OK);
    ck_assert_int_eq(zx_handle_close(snapshot), ZX_OK);
    return file;
}

static zx_status_t load(const struct file *file, zx_handle_t *out) {
    *out = ZX_HANDLE_INVALID;
    return zirconia_snapshot_load(guest, 0, file->bytes, file->size, out);
}

static void expect_load(const struct file *file, zx_status_t status) {
    zx_handle_t out = ZX_HANDLE_INVALID;
    ck_assert_int_eq(load(file, &out), status);
    ck_assert_uint_eq(out, ZX_HANDLE_INVALID);
}

static uint64_t get_word(const struct file *file, size_t index) {
    uint64_t word = 0;
    memcpy(&word, file->bytes + 8 * index, sizeof word);
    return word;
}

static void set_word(struct file *file, size_t index, uint64_t word) {
    memcpy(file->bytes + 8 * index, &word, sizeof word);
}

// The last word is the hash of the rest.
static void set_hash(struct file *file) {
    const size_t last = file->size / 8 - 1;
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < 8 * last; i++) {
        hash = (hash ^ file->bytes[i]) * 1099511628211u;
    }
    set_word(file, last, hash);
}

static unsigned read_bells(void) {
    zx_port_packet_t packet;
    unsigned count = 0;
    while (zx_port_wait(port, 0, &packet) == ZX_OK) {
        ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_GUEST_BELL);
        ck_assert_uint_eq(packet.key, packet.guest_bell.addr < BELL + 0x1000 ? 1 : 2);
        count++;
    }
    return count;
}

static void expect_restored(const struct file *file) {
    zx_handle_t snapshot = ZX_HANDLE_INVALID;
    memset(device, 0, sizeof device);
    ck_assert_int_eq(load(file, &snapshot), ZX_OK);
    ck_assert_uint_eq(device[0], 0); // Nothing has changed so far.
    ck_assert_int_eq(zirconia_guest_restore(guest, snapshot), ZX_OK);
    ck_assert_uint_eq(device[0], 7);
    ck_assert_uint_eq(device[sizeof device - 1], 7);
    ck_assert_uint_eq(memory_u64(CELL), 0x1122334455667788);
    ck_assert_uint_eq(read_bells(), 3);
    enter_to_end();
    ck_assert_int_eq(zx_handle_close(snapshot), ZX_OK);
}

// --- What is loaded ---

START_TEST(a_file_has_devices_bells_and_memory) {
    struct kind kind = plain;
    kind.real_time = _i != 0;
    const struct file file = make_file(&kind);
    expect_restored(&file);
    guest_close();
    start(&kind);
    for (unsigned i = 0; i < 100; i++) { // No loaded snapshot stands on another.
        expect_restored(&file);
    }
    enter_to_end();
    guest_close();
    free(file.bytes);
}
END_TEST

// A guest of which a snapshot was never taken finds stores made since the restore all the same.
START_TEST(a_loaded_snapshot_is_restored_again) {
    const struct kind kind = {.real_time = true, .key = 1, .device_size = DEVICE_SIZE};
    const struct file file = make_file(&kind);
    guest_close();
    start(&kind);
    zx_handle_t snapshot = ZX_HANDLE_INVALID;
    ck_assert_int_eq(load(&file, &snapshot), ZX_OK);
    const uint64_t value = 1;
    for (unsigned i = 0; i < 10; i++) {
        memory_write(CELL, &value, sizeof value);
        memory_write(CELL + 0x10000, &value, sizeof value);
        ck_assert_int_eq(zirconia_guest_restore(guest, snapshot), ZX_OK);
        ck_assert_uint_eq(memory_u64(CELL), 0x1122334455667788);
        ck_assert_uint_eq(memory_u64(CELL + 0x10000), 0);
        ck_assert_uint_eq(read_bells(), 3);
        enter_to_end();
    }
    const zx_handle_t next = snapshot_of_guest(); // Stands on the loaded snapshot.
    memory_write(CELL + 0x10000, &value, sizeof value);
    ck_assert_int_eq(zirconia_guest_restore(guest, snapshot), ZX_OK);
    ck_assert_int_eq(zirconia_guest_restore(guest, next), ZX_OK);
    ck_assert_uint_eq(memory_u64(CELL + 0x10000), 0);
    guest_close();
    free(file.bytes);
}
END_TEST

// Pages that are zero are left out, whatever they were in the snapshot below.
START_TEST(a_page_that_has_become_zero_is_left_out) {
    const struct file first = make_file(&plain);
    struct file second = {.most = SIZE_MAX};
    ck_assert_int_eq(zx_vmo_op_range(memory, ZX_VMO_OP_DECOMMIT, CELL, 0x1000, NULL, 0), ZX_OK);
    const zx_handle_t snapshot = snapshot_of_guest();
    ck_assert_int_eq(zirconia_snapshot_save(guest, snapshot, collect, &second), ZX_OK);
    ck_assert_uint_lt(second.size + 0x1000, first.size);
    zx_handle_t loaded = ZX_HANDLE_INVALID;
    expect_restored(&first);
    ck_assert_int_eq(load(&second, &loaded), ZX_OK);
    ck_assert_int_eq(zirconia_guest_restore(guest, loaded), ZX_OK);
    ck_assert_uint_eq(memory_u64(CELL), 0);
    guest_close();
    free(first.bytes);
    free(second.bytes);
}
END_TEST

// --- What is refused ---

START_TEST(a_part_of_a_file_is_refused) {
    const struct file file = make_file(&plain);
    const zx_vcpu_state_t before = read_state();
    for (size_t size = 0; size < file.size; size += size < 0x1000 || size % 0x1000 == 0 ? 1 : 61) {
        const struct file part = {.bytes = file.bytes, .size = size};
        expect_load(&part, ZX_ERR_IO_DATA_INTEGRITY);
    }
    struct file more = {.bytes = calloc(1, file.size + 8), .size = file.size + 1};
    ck_assert_ptr_nonnull(more.bytes);
    memcpy(more.bytes, file.bytes, file.size);
    expect_load(&more, ZX_ERR_IO_DATA_INTEGRITY);
    const zx_vcpu_state_t after = read_state();
    ck_assert_mem_eq(&before, &after, sizeof before);
    expect_restored(&file);
    guest_close();
    free(file.bytes);
    free(more.bytes);
}
END_TEST

START_TEST(each_changed_byte_is_refused) {
    struct file file = make_file(&plain);
    ck_assert_uint_lt(file.size, 100000);
    for (size_t i = 0; i < file.size; i++) {
        zx_handle_t out = ZX_HANDLE_INVALID;
        const unsigned char was = file.bytes[i];
        file.bytes[i] = was ^ (unsigned char)(1u << i % 8);
        const zx_status_t status = load(&file, &out);
        ck_assert_msg(status == ZX_ERR_IO_DATA_INTEGRITY || status == ZX_ERR_NOT_SUPPORTED ||
                          status == ZX_ERR_BAD_STATE,
                      "byte %zu: %d", i, status);
        file.bytes[i] = was;
    }
    expect_restored(&file);
    guest_close();
    free(file.bytes);
}
END_TEST

START_TEST(another_version_is_refused) {
    struct file file = make_file(&plain);
    set_word(&file, 1, get_word(&file, 1) + 1);
    set_hash(&file);
    expect_load(&file, ZX_ERR_NOT_SUPPORTED);
    guest_close();
    free(file.bytes);
}
END_TEST

static const struct kind others[] = {
    {"real time", .real_time = true, .key = 1, .device_size = DEVICE_SIZE},
    {"more traps", .more_traps = true, .key = 1, .device_size = DEVICE_SIZE},
    {"more memory", .more_memory = true, .key = 1, .device_size = DEVICE_SIZE},
    {"another key", .key = 3, .device_size = DEVICE_SIZE},
    {"other devices", .key = 1, .device_size = DEVICE_SIZE - 1},
};

START_TEST(another_guests_file_is_refused) {
    const struct file file = make_file(&plain);
    guest_close();
    start(&others[_i]);
    expect_load(&file, ZX_ERR_BAD_STATE);
    enter_to_end();
    guest_close();
    free(file.bytes);
}
END_TEST

static zx_status_t add_vcpu(void) {
    zx_handle_t second = ZX_HANDLE_INVALID;
    return zx_vcpu_create(guest, 0, ENTRY, &second);
}

START_TEST(a_file_of_a_guest_with_other_vcpus_is_refused) {
    const struct file file = make_file(&plain);
    ck_assert_int_eq(on_other_thread(add_vcpu), ZX_OK);
    expect_load(&file, ZX_ERR_BAD_STATE);
    guest_close();
    free(file.bytes);
}
END_TEST

START_TEST(a_file_may_lie_in_a_vmo) {
    const struct file file = make_file(&plain);
    zx_handle_t vmo = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 0;
    ck_assert_int_eq(zx_vmo_create(file.size, 0, &vmo), ZX_OK);
    ck_assert_int_eq(zx_vmo_write(vmo, file.bytes, 0, file.size), ZX_OK);
    ck_assert_int_eq(zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ, 0, vmo, 0,
                                 (file.size + 0xfff) & ~(size_t)0xfff, &address),
                     ZX_OK);
    const struct file mapped = {
        .bytes = (unsigned char *)address, // NOLINT(performance-no-int-to-ptr)
        .size = file.size,
    };
    expect_restored(&mapped);
    guest_close();
    free(file.bytes);
}
END_TEST

START_TEST(arguments_are_checked) {
    struct file file = make_file(&plain);
    const zx_handle_t snapshot = snapshot_of_guest();
    const zx_handle_t first = guest;
    zx_handle_t out = ZX_HANDLE_INVALID;
    struct file none = {.most = 0};
    struct file some = {.most = 0x5000};
    ck_assert_int_eq(zirconia_snapshot_save(guest, snapshot, NULL, NULL), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zirconia_snapshot_save(guest, snapshot, collect, &none), ZX_ERR_CANCELED);
    ck_assert_int_eq(zirconia_snapshot_save(guest, snapshot, collect, &some), ZX_ERR_CANCELED);
    ck_assert_int_eq(zirconia_snapshot_save(guest, vcpu, collect, &none), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zirconia_snapshot_load(guest, 4, file.bytes, file.size, &out),
                     ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zirconia_snapshot_load(guest, 0, NULL, file.size, &out), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zirconia_snapshot_load(guest, 0, file.bytes, file.size, NULL),
                     ZX_ERR_INVALID_ARGS);
    for (int i = 0; i < BAD_POINTER_COUNT; i++) {
        ck_assert_int_eq(zirconia_snapshot_load(guest, 0, bad_pointer(i), file.size, &out),
                         ZX_ERR_INVALID_ARGS);
        ck_assert_int_eq(zirconia_snapshot_load(guest, 0, file.bytes, file.size, bad_pointer(i)),
                         ZX_ERR_INVALID_ARGS);
    }
    uint8_t *brief = before_bad_memory(0x100);
    memcpy(brief, file.bytes, 0x100);
    ck_assert_int_eq(zirconia_snapshot_load(guest, 0, brief, file.size, &out), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zirconia_snapshot_load(vcpu, 0, file.bytes, file.size, &out),
                     ZX_ERR_WRONG_TYPE);
    trap(ZX_GUEST_TRAP_IO, 0x500, 1, ZX_HANDLE_INVALID, 0);
    ck_assert_int_eq(zirconia_snapshot_save(guest, snapshot, collect, &file), ZX_ERR_BAD_STATE);
    guest_open();
    ck_assert_int_eq(zirconia_snapshot_save(guest, snapshot, collect, &file), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zirconia_snapshot_load(guest, 0, file.bytes, file.size, &out),
                     ZX_ERR_BAD_STATE); // The guest has no VCPU.
    ck_assert_int_eq(zx_handle_close(first), ZX_OK);
    free(file.bytes);
    free(some.bytes);
}
END_TEST

// --- A clock at its end ---

static bool can_load_with(struct file *file, size_t index, uint64_t word) {
    zx_handle_t snapshot = ZX_HANDLE_INVALID;
    set_word(file, index, word);
    set_hash(file);
    const zx_status_t status = load(file, &snapshot);
    ck_assert(status == ZX_OK || status == ZX_ERR_IO_DATA_INTEGRITY);
    ck_assert_int_eq(zx_handle_close(snapshot), ZX_OK);
    return status == ZX_OK;
}

#define WORK_TO_BUDGET 8 // Words in the file, from the clock's work to the end of the budget.

static size_t find_work(const struct file *file, uint64_t budget) {
    size_t index = 0;
    while (get_word(file, index + WORK_TO_BUDGET) - get_word(file, index) != budget) {
        index++;
        ck_assert_uint_lt(8 * (index + WORK_TO_BUDGET + 1), file->size);
    }
    return index;
}

// With a guest whose budget ends that far from its work.
static struct file make_file_with_budget(uint64_t budget) {
    struct file file = make_file(&plain);
    ck_assert_int_eq(zirconia_guest_set_budget(guest, budget), ZX_OK);
    file.size = 0;
    ck_assert_int_eq(zirconia_snapshot_save(guest, snapshot_of_guest(), collect, &file), ZX_OK);
    return file;
}

START_TEST(a_clock_that_is_decades_ahead_is_not_saved) {
    const uint64_t budget = 0x123456789;
    struct file file = make_file_with_budget(budget);
    struct file late = {.most = SIZE_MAX};
    uint64_t least = 1;
    const size_t index = find_work(&file, budget);
    for (uint64_t step = 1ull << 62; step > 0; step /= 2) {
        least += can_load_with(&file, index, least + step) ? step : 0;
    }
    ck_assert(can_load_with(&file, index, least));
    zx_handle_t last = ZX_HANDLE_INVALID;
    ck_assert_int_eq(load(&file, &last), ZX_OK);
    ck_assert_int_eq(zirconia_guest_restore(guest, last), ZX_OK);
    ck_assert_int_eq(zirconia_guest_set_budget(guest, ZIRCONIA_BUDGET_NONE), ZX_OK);
    enter_to_end();
    ck_assert_int_eq(zirconia_snapshot_save(guest, snapshot_of_guest(), collect, &late),
                     ZX_ERR_IO_DATA_INTEGRITY);
    guest_close();
    free(file.bytes);
    free(late.bytes);
}
END_TEST

// The word behind the clock's work: exits without work, of which a hundred are work.
START_TEST(a_hundred_exits_without_work_are_refused) {
    const uint64_t budget = 0x123456789;
    struct file file = make_file_with_budget(budget);
    const size_t index = find_work(&file, budget) + 1;
    ck_assert(can_load_with(&file, index, 99));
    ck_assert(!can_load_with(&file, index, 100));
    ck_assert(!can_load_with(&file, index, 1ull << 32));
    guest_close();
    free(file.bytes);
}
END_TEST

// --- What somebody made up ---

static uint64_t random_state = 88172645463325252u;

static uint64_t random_word(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void change(struct file *file, size_t words) {
    static const uint64_t values[] = {0, 1, 2, 255, UINT64_MAX, INT64_MAX, 1ull << 63, 0xffff};
    const size_t index = random_word() % words;
    const uint64_t old = get_word(file, index);
    switch (random_word() % 4) {
    case 0:
        set_word(file, index, values[random_word() % 8]);
        break;
    case 1:
        set_word(file, index, random_word());
        break;
    default:
        set_word(file, index, old ^ 1ull << random_word() % 64);
        break;
    }
}

static void drain(void) {
    zx_port_packet_t packet;
    while (zx_port_wait(port, 0, &packet) == ZX_OK) {
    }
}

static void make_up(struct file *made, const struct file *file) {
    memcpy(made->bytes, file->bytes, file->size);
    for (uint64_t changes = 1 + random_word() % 3; changes > 0; changes--) {
        change(made, 260);
    }
    set_hash(made);
}

// Loads as many files as that, restores and runs what each says. Returns how many were loaded.
static unsigned try_made_up_files(unsigned count, const struct file *file,
                                  void (*run_restored)(void)) {
    struct file made = {.bytes = malloc(file->size), .size = file->size};
    unsigned loaded = 0;
    ck_assert_ptr_nonnull(made.bytes);
    for (unsigned i = 0; i < count; i++) {
        zx_handle_t snapshot = ZX_HANDLE_INVALID;
        make_up(&made, file);
        if (load(&made, &snapshot) == ZX_OK) {
            loaded++;
            ck_assert_int_eq(zirconia_guest_restore(guest, snapshot), ZX_OK);
            drain(); // A bell that nobody answers waits when its 256 packets are out.
            run_restored();
            ck_assert_int_eq(zx_handle_close(snapshot), ZX_OK);
            drain();
        }
    }
    free(made.bytes);
    return loaded;
}

static void run_once(void) {
    zx_port_packet_t packet;
    (void)zx_vcpu_enter(vcpu, &packet);
}

static void run_for_a_budget(void) {
    ck_assert_int_eq(zirconia_guest_set_budget(guest, 200), ZX_OK);
    run_once();
    run_once();
}

// Whatever a sound file says, the guest runs or fails to, the call returns, and the guest can be
// put back to a good state.
START_TEST(a_file_that_was_made_up_does_no_harm) {
    const struct file file = make_file(&plain);
    unsigned loaded = 0;
    for (unsigned i = 0; i < 30; i++) {
        loaded += try_made_up_files(100, &file, run_for_a_budget);
        expect_restored(&file);
    }
    ck_assert_uint_gt(loaded, 500);
    ck_assert_uint_lt(loaded, 2500);
    guest_close();
    free(file.bytes);
}
END_TEST

// What would run for ever is kicked.
START_TEST(nor_does_it_in_real_time) {
    struct kind kind = plain;
    kind.real_time = true;
    const struct file file = make_file(&kind);
    atomic_bool over = false;
    const pthread_t kicker = start_thread(kick_now_and_then, &over);
    const unsigned loaded = try_made_up_files(1000, &file, run_once);
    atomic_store(&over, true);
    join_thread(kicker);
    ck_assert_uint_gt(loaded, 100);
    guest_close();
    free(file.bytes);
}
END_TEST

// --- Beside a save ---

static bool has_called;

static void *call_guest(void *unused) {
    ck_assert_int_eq(zirconia_guest_note_store(guest, 0, 1), ZX_OK); // With the guest's turn.
    return unused;
}

static bool let_others_call(void *context, const void *bytes, size_t size) {
    (void)context;
    (void)bytes;
    (void)size;
    if (!has_called) {
        has_called = true;
        join_thread(start_thread(call_guest, NULL));
    }
    return true;
}

// Memory, which is nearly all of a file, is the snapshot's: nobody waits for it.
START_TEST(a_guest_does_not_wait_for_the_memory_of_a_save) {
    guest_start("snapshot");
    for (uint64_t page = 0; page < 64; page++) {
        memory_write(0x400000 + page * 0x1000, &(uint64_t){page + 1}, 8);
    }
    zx_handle_t snapshot = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zirconia_guest_snapshot(guest, 0, &snapshot), ZX_OK);
    has_called = false;
    ck_assert_int_eq(zirconia_snapshot_save(guest, snapshot, let_others_call, NULL), ZX_OK);
    ck_assert(has_called);
    guest_close();
}
END_TEST

int main(void) {
    Suite *suite = suite_create("snapshot_file");
    TCase *tcase = tcase_create("files");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, a_file_has_devices_bells_and_memory, 0, 2);
    tcase_add_test(tcase, a_page_that_has_become_zero_is_left_out);
    tcase_add_test(tcase, a_loaded_snapshot_is_restored_again);
    tcase_add_test(tcase, a_part_of_a_file_is_refused);
    tcase_add_test(tcase, each_changed_byte_is_refused);
    tcase_add_test(tcase, another_version_is_refused);
    tcase_add_loop_test(tcase, another_guests_file_is_refused, 0, sizeof others / sizeof others[0]);
    tcase_add_test(tcase, a_file_of_a_guest_with_other_vcpus_is_refused);
    tcase_add_test(tcase, a_guest_does_not_wait_for_the_memory_of_a_save);
    tcase_add_test(tcase, a_file_may_lie_in_a_vmo);
    tcase_add_test(tcase, arguments_are_checked);
    tcase_add_test(tcase, a_clock_that_is_decades_ahead_is_not_saved);
    tcase_add_test(tcase, a_hundred_exits_without_work_are_refused);
    tcase_add_test(tcase, a_file_that_was_made_up_does_no_harm);
    tcase_add_test(tcase, nor_does_it_in_real_time);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
