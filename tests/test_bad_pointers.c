// SPDX-License-Identifier: MIT
//
// Every pointer of every row of the table of calls: null, wild, to a page that is read-only, to one
// byte too few, and not aligned. A call with a pointer that it cannot use is ZX_ERR_INVALID_ARGS
// and leaves nothing behind; with any other pointer it does what it does with a good one. A row is
// tested with arguments with which the call succeeds. The lists below have those that are not the
// usual ones, and a row that needs some and has none fails.

#include "bad_memory.h"
#include "guest_fixture.h"
#include "object_fixture.h"
#include "objects/era.h"
#include "syscalls/table.h"
#include "thread_fixture.h"

#include <zircon/limits.h>
#include <zircon/syscalls/refused.h>
#include <zircon/syscalls/resource.h>
#include <zirconia/coverage.h>
#include <zirconia/debug.h>
#include <zirconia/decode.h>
#include <zirconia/observe.h>
#include <zirconia/snapshot.h>
#include <zirconia/virtual_time.h>
#include <zirconia/zirconia.h>

// --- The rows ---

enum direction { NO_POINTER, READ, WRITE, MAY_WRITE, IGNORE };

struct parameter {
    enum direction direction;
    const char *type;
    const char *name;
    size_t size;       // The size of one element.
    const char *count; // The parameter that says how many there are; NULL for one.
};

#define PARAMETER(parameter) PARAMETER_##parameter
#define PARAMETER_OTHER                                                                            \
    { NO_POINTER, NULL, NULL, 0, NULL }
#define PARAMETER_HANDLE(name, type, right) PARAMETER_OTHER
#define PARAMETER_OBJECT(name, type, right) PARAMETER_OTHER
#define PARAMETER_HELD(name, type, right) PARAMETER_OTHER
#define PARAMETER_OPTIONAL_HANDLE(name, type, right) PARAMETER_OTHER
#define PARAMETER_OPTIONAL_OBJECT(name, type, right) PARAMETER_OTHER
#define PARAMETER_VALUE(type, name) PARAMETER_OTHER
#define PARAMETER_NAMED(type, name, set) PARAMETER_OTHER
#define PARAMETER_READS(type, name)                                                                \
    { READ, #type, #name, sizeof(type), NULL }
#define PARAMETER_WRITES(type, name)                                                               \
    { WRITE, #type, #name, sizeof(type), NULL }
#define PARAMETER_MAY_WRITE(type, name)                                                            \
    { MAY_WRITE, #type, #name, sizeof(type), NULL }
#define PARAMETER_READS_ARRAY(type, name, count)                                                   \
    { READ, #type, #name, sizeof(type), #count }
#define PARAMETER_WRITES_ARRAY(type, name, count)                                                  \
    { WRITE, #type, #name, sizeof(type), #count }
#define PARAMETER_CHANGES_ARRAY PARAMETER_WRITES_ARRAY
#define PARAMETER_IGNORES(type, name)                                                              \
    { IGNORE, #type, #name, 1, NULL }

static zx_handle_t handle_of(const char *name, zx_obj_type_t type);
static uint64_t value_of(const char *name);
static void *pointer_of(const char *name);

#define GIVE(parameter) GIVE_##parameter
#define GIVE_HANDLE(name, type, right) handle_of(#name, ZX_OBJ_TYPE_##type)
#define GIVE_OBJECT GIVE_HANDLE
#define GIVE_HELD GIVE_HANDLE
#define GIVE_OPTIONAL_HANDLE(name, type, right) ZX_HANDLE_INVALID
#define GIVE_OPTIONAL_OBJECT GIVE_OPTIONAL_HANDLE
#define GIVE_VALUE(type, name) (type) value_of(#name)
#define GIVE_NAMED(type, name, set) (type) value_of(#name)
#define GIVE_READS(type, name) pointer_of(#name)
#define GIVE_WRITES GIVE_READS
#define GIVE_MAY_WRITE GIVE_READS
#define GIVE_READS_ARRAY(type, name, count) pointer_of(#name)
#define GIVE_WRITES_ARRAY GIVE_READS_ARRAY
#define GIVE_CHANGES_ARRAY GIVE_READS_ARRAY
#define GIVE_IGNORES GIVE_READS

#define ROW(name, parameters)                                                                      \
    static const struct parameter parameters_##name[] = {EACH(PARAMETER, parameters)};             \
    static zx_status_t call_##name(void) {                                                         \
        return name(EACH(GIVE, parameters));                                                       \
    }
#include "each_call.inc"

struct call {
    const char *symbol;
    const char *name; // Without the prefix of its era.
    zx_status_t (*call)(void);
    const struct parameter *parameters;
    size_t count;
    const struct era *era;
    bool refused;
};

static const struct call calls[] = {
#define LISTED(name, refused) LISTED_NAMED(name, name, ERA_DEFAULT, refused)
#define LISTED_OF_ERA(prefix, era, name, refused) LISTED_IN(prefix##name, name, ERA_##era, refused)
#define LISTED_IN(symbol, name, era, refused) LISTED_NAMED(symbol, name, era, refused)
#define LISTED_NAMED(symbol, name, era, refused)                                                   \
    {#symbol,                                                                                      \
     #name,                                                                                        \
     call_##symbol,                                                                                \
     parameters_##symbol,                                                                          \
     sizeof parameters_##symbol / sizeof(struct parameter),                                        \
     &eras[era],                                                                                   \
     refused},
#define CALL(eras, name, body, blocks, section, parameters, errors)                                \
    ERAS_##eras(LISTED, LISTED_OF_ERA, name, false)
#define REFUSED(eras, name, parameters) ERAS_##eras(LISTED, LISTED_OF_ERA, name, true)
#include "syscalls/calls.inc"
};

enum { CALL_COUNT = sizeof calls / sizeof calls[0], LARGEST = 1024, MOST = 9 };

static const struct call *call;

static bool is_call(const char *name) {
    return name == NULL || strcmp(name, call->name) == 0;
}

static bool has_pointers(void) {
    for (size_t i = 0; i < call->count; i++) {
        if (call->parameters[i].direction != NO_POINTER) {
            return true;
        }
    }
    return false;
}

// Each message of a channel can be read once; test_exception_channel has its pointers. The calls
// that decode run in their caller's memory as any function does, and know NULL alone. Every buffer
// for zx_vmar_op_range() is refused unread; test_vmar_range has it. What zirconia_snapshot_load()
// reads is a whole file of its guest; test_snapshot_file has it.
static bool is_left_out(void) {
    return is_call("zx_channel_read") || is_call("zx_vmar_op_range") ||
           is_call("zirconia_snapshot_load");
}

static bool knows_only_null(void) {
    return is_call("zirconia_disassemble") || is_call("zirconia_mmio_decode");
}

// --- Numbers ---

static const struct {
    const char *call; // NULL for all.
    const char *name;
    uint64_t value;
} values[] = {
    {NULL, "size", 4096},
    {NULL, "len", 4096},
    {NULL, "rights", ZX_RIGHT_SAME_RIGHTS},
    {NULL, "signals", ZX_USER_SIGNAL_0},
    {NULL, "buffer_size", 64},
    {NULL, "num_items", 1},
    {NULL, "kinds", 3},
    {NULL, "num_handles", 5},
    {NULL, "name_size", 3},
    {NULL, "count", 2},
    {"object_get_info", "topic", ZX_INFO_HANDLE_BASIC},
    {"object_get_info", "buffer_size", sizeof(zx_info_handle_basic_t)},
    {"object_get_property", "property", ZX_PROP_NAME},
    {"object_get_property", "value_size", ZX_MAX_NAME_LEN},
    {"object_set_property", "property", ZX_PROP_NAME},
    {"object_set_property", "value_size", 8},
    {"vmo_op_range", "op", ZX_VMO_OP_COMMIT},
    {"zx_vmo_create_child", "options", ZX_VMO_CHILD_SNAPSHOT},
    {"vmo_clone", "options", ZIRCONIA_2018_VMO_CLONE_COPY_ON_WRITE},
    {"vmar_map", "options", ZX_VM_PERM_READ},
    {"vmar_allocate", "options", ZX_VM_CAN_MAP_READ},
    {"vcpu_create", "entry", ENTRY},
    {"vcpu_read_state", "buffer_size", sizeof(zx_vcpu_state_t)},
    {"vcpu_write_state", "buffer_size", sizeof(zx_vcpu_state_t)},
    {"zirconia_guest_read_memory", "size", 16},
    {"zirconia_guest_set_coverage", "size", 64},
    {"zirconia_guest_write_memory", "size", 16},
    {"zirconia_disassemble", "size", 2},
    {"zirconia_disassemble", "text_size", 64},
    {"zirconia_disassemble", "mode", ZIRCONIA_CODE_64},
    {"zirconia_mmio_decode", "size", 2},
    {"zirconia_mmio_decode", "mode", ZIRCONIA_CODE_64},
};

// Values for one call come after those for all calls, and win.
static uint64_t value_of(const char *name) {
    uint64_t value = 0;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        if (is_call(values[i].call) && strcmp(values[i].name, name) == 0) {
            value = values[i].value;
        }
    }
    if ((is_call("thread_read_state") || is_call("thread_write_state")) &&
        strcmp(name, "buffer_size") == 0) {
        return call->era->segment_bases ? sizeof(zx_thread_state_general_regs_t)
                                        : GENERAL_SIZE_2018;
    }
    if (strcmp(name, "version_size") == 0) {
        return strlen(zirconia_version()) + 1;
    }
    if (is_call("zx_object_get_child") && strcmp(name, "koid") == 0) {
        return koid_of(zx_thread_self());
    }
    return value;
}

// --- Handles ---

static zx_handle_t event;
static zx_handle_t vmo;
static zx_handle_t port;
static zx_handle_t resource;
static zx_handle_t exception;
static struct worker worker; // Suspended.
static _Atomic(uint64_t) spun;

static zx_handle_t taken_by_call(zx_handle_t handle) {
    return with_rights(handle, ZX_RIGHT_SAME_RIGHTS);
}

static zx_handle_t any_object(void) {
    if (is_call("zx_handle_replace")) {
        return taken_by_call(event);
    }
    if (is_call("object_get_property") || is_call("object_set_property")) {
        return vmo;
    }
    if (is_call("task_suspend") || is_call("zx_task_create_exception_channel")) {
        return worker.handle;
    }
    return is_call("zx_object_get_child") ? zx_process_self() : event;
}

static zx_handle_t handle_of(const char *name, zx_obj_type_t type) {
    switch (type) {
    case ZX_OBJ_TYPE_NONE:
        return any_object();
    case ZX_OBJ_TYPE_VMO:
        if (strcmp(name, "physmem_vmo") == 0) {
            return memory;
        }
        return is_call("zx_vmo_replace_as_executable") ? taken_by_call(vmo) : vmo;
    case ZX_OBJ_TYPE_VMAR:
        return zx_vmar_root_self();
    case ZX_OBJ_TYPE_PORT:
        return port;
    case ZX_OBJ_TYPE_THREAD:
        return worker.handle;
    case ZX_OBJ_TYPE_PROCESS:
        return zx_process_self();
    case ZX_OBJ_TYPE_JOB:
        return zx_job_default();
    case ZX_OBJ_TYPE_RESOURCE:
        return resource;
    case ZX_OBJ_TYPE_EXCEPTION:
        return exception;
    case ZX_OBJ_TYPE_GUEST:
        return guest;
    case ZX_OBJ_TYPE_VCPU:
        return vcpu;
    default:
        return event; // Any object will do for a refused call.
    }
}

// --- Pointers ---

static uint8_t buffers[MOST][LARGEST];
static size_t victim; // The parameter that gets `pointer`; MOST for none.
static void *pointer;

static size_t size_of(const struct parameter *parameter) {
    const size_t count = parameter->count != NULL ? (size_t)value_of(parameter->count) : 1;
    return parameter->size * count;
}

static void *pointer_of(const char *name) {
    for (size_t i = 0; i < call->count; i++) {
        if (call->parameters[i].name != NULL && strcmp(call->parameters[i].name, name) == 0) {
            return i == victim ? pointer : buffers[i];
        }
    }
    ck_abort_msg("%s has no %s", call->symbol, name);
    return NULL; // Not every Check says that it does not get here.
}

// What a call finds behind a pointer that it reads.
static void fill(const struct parameter *parameter, uint8_t *bytes) {
    memset(bytes, 0, LARGEST);
    if (strcmp(parameter->name, "items") == 0) {
        const zx_wait_item_t item = {.handle = event, .waitfor = ZX_USER_SIGNAL_0};
        memcpy(bytes, &item, sizeof item);
    } else if (strcmp(parameter->name, "bytes") == 0) {
        const uint8_t instruction[] = {0x8b, 0x07}; // mov eax, [rdi]
        memcpy(bytes, instruction, sizeof instruction);
    } else if (is_call("thread_write_state")) {
        const size_t size = size_of(parameter);
        ck_assert_int_eq(call->era->segment_bases
                             ? zx_thread_read_state(worker.handle, 0, bytes, size)
                             : zirconia_2018_thread_read_state(worker.handle, 0, bytes, size),
                         ZX_OK);
    } else if (is_call("vcpu_write_state")) {
        const zx_vcpu_state_t state = read_state();
        memcpy(bytes, &state, sizeof state);
    } else if (is_call("zirconia_vcpu_write_registers")) {
        zirconia_registers_t registers;
        ck_assert_int_eq(zirconia_vcpu_read_registers(vcpu, &registers), ZX_OK);
        memcpy(bytes, &registers, sizeof registers);
    } else if (is_call("zirconia_guest_set_watchpoints")) {
        const zirconia_watchpoint_t watchpoint = {.size = 8};
        for (size_t done = 0; done < size_of(parameter); done += sizeof watchpoint) {
            memcpy(bytes + done, &watchpoint, sizeof watchpoint);
        }
    }
}

// --- A call ---

static void trap_at_once(uintptr_t first, uintptr_t second) {
    (void)first;
    (void)second;
    __builtin_trap();
}

// Makes an exception by the channel of the process: the exceptions of a thread's channel do not
// give the process.
static void open_exception(void) {
    zx_exception_info_t info = {0};
    zx_handle_t channel = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_task_create_exception_channel(zx_process_self(), 0, &channel), ZX_OK);
    const struct worker sinner = worker_run(trap_at_once, NULL);
    until(channel, ZX_CHANNEL_READABLE);
    ck_assert_int_eq(zx_channel_read(channel, 0, &info, &exception, sizeof info, 1, NULL, NULL),
                     ZX_OK);
    (void)sinner; // The thread waits until the process ends.
}

static void open_guest(void) {
    guest_open();
    guest_load("port_for_ever", ENTRY);
    trap(ZX_GUEST_TRAP_IO, 0x11, 1, ZX_HANDLE_INVALID, 0);
    if (is_call("vcpu_create")) { // A thread owns one VCPU, and each era asks for another right.
        guest = with_any_rights(guest, UINT32_MAX);
    } else {
        ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    }
}

static bool has_word(const char *word) {
    return strstr(call->symbol, word) != NULL;
}

static void open_all(void) {
    event = new_event();
    set_signals(event, ZX_USER_SIGNAL_0);
    vmo = new_vmo(4096, 0);
    port = new_port();
    ck_assert_int_eq(zirconia_hypervisor_resource(&resource), ZX_OK);
    if (has_word("guest") || has_word("vcpu")) {
        open_guest();
    }
    if (has_word("exception_get")) {
        open_exception();
    }
    zx_handle_t token = ZX_HANDLE_INVALID;
    worker = worker_run(count_for_ever, &spun);
    ck_assert_int_eq(zx_task_suspend(worker.handle, &token), ZX_OK);
    until(worker.handle, ZX_THREAD_SUSPENDED);
    zx_vmar_root_self();
    zx_job_default();
}

// What a call uses up.
static void prepare(void) {
    for (size_t i = 0; i < call->count; i++) {
        if (call->parameters[i].direction != NO_POINTER) {
            fill(&call->parameters[i], buffers[i]);
        }
    }
    if (is_call("port_wait")) {
        const zx_port_packet_t packet = {.type = ZX_PKT_TYPE_USER};
        ck_assert_int_eq(zx_port_queue(port, &packet), ZX_OK);
    }
}

static zx_status_t make(size_t which, void *at) {
    prepare();
    victim = which;
    pointer = at;
    return call->call();
}

// Closes what a call gave.
static void close_given(void) {
    for (size_t i = 0; i < call->count; i++) {
        const struct parameter *parameter = &call->parameters[i];
        zx_handle_t handle = ZX_HANDLE_INVALID;
        if (parameter->direction == WRITE && strcmp(parameter->type, "zx_handle_t") == 0) {
            memcpy(&handle, i == victim ? pointer : buffers[i], sizeof handle);
            ck_assert_int_eq(zx_handle_close(handle), ZX_OK);
        }
    }
}

static zx_status_t usual; // What the call ends with when all pointers are good.

static void expect_usual(size_t which, void *at, const char *what) {
    const zx_status_t status = make(which, at);
    ck_assert_msg(status == usual, "%s: %d with %s for %s", call->symbol, status, what,
                  call->parameters[which].name);
    if (status == ZX_OK) {
        close_given();
    }
}

static void expect_refusal(size_t which, void *at, const char *what) {
    const zx_status_t status = make(which, at);
    ck_assert_msg(status == ZX_ERR_INVALID_ARGS, "%s: %d with %s for %s", call->symbol, status,
                  what, call->parameters[which].name);
}

static uint8_t *read_only(const struct parameter *parameter) {
    const size_t page = platform_page_size();
    uint8_t *bytes = platform_reserve(page);
    ck_assert_ptr_nonnull(bytes);
    ck_assert(platform_protect(bytes, page, PLATFORM_READ | PLATFORM_WRITE));
    fill(parameter, bytes);
    ck_assert(platform_protect(bytes, page, PLATFORM_READ));
    return bytes;
}

static void check_bad_pointers(size_t which, const struct parameter *parameter) {
    for (int i = 0; i < BAD_POINTER_COUNT; i++) {
        void *bad = bad_pointer(i);
        if (parameter->direction == IGNORE || (parameter->direction == MAY_WRITE && bad == NULL)) {
            expect_usual(which, bad, "a bad pointer");
        } else if (bad == NULL || !knows_only_null()) {
            expect_refusal(which, bad, "a bad pointer");
        }
    }
    if (parameter->direction == READ || parameter->direction == IGNORE) {
        expect_usual(which, read_only(parameter), "a read-only page");
    } else if (!knows_only_null()) {
        expect_refusal(which, read_only(parameter), "a read-only page");
    }
}

// Not aligned where a guard page ends the last byte.
static void check_edge(size_t which, const struct parameter *parameter) {
    static uint8_t content[LARGEST];
    const size_t size = size_of(parameter);
    prepare();
    fill(parameter, content);
    uint8_t *exact = before_bad_memory(size);
    memcpy(exact, content, size);
    expect_usual(which, exact, "memory that just suffices");
    if (knows_only_null()) {
        return;
    }
    uint8_t *odd = before_bad_memory(size + 1);
    memcpy(odd, content, size);
    expect_usual(which, odd, "memory that is not aligned");
    if (parameter->direction != IGNORE) {
        uint8_t *brief = before_bad_memory(size - 1);
        memcpy(brief, content, size - 1);
        expect_refusal(which, brief, "a byte too few");
    }
}

START_TEST(every_pointer_of_a_call_may_be_bad) {
    call = &calls[_i];
    if (!has_pointers() || is_left_out()) {
        return;
    }
    open_all();
    usual = make(MOST, NULL);
    if (usual == ZX_OK) {
        close_given();
    }
    ck_assert_msg(usual == ZX_OK || call->refused,
                  "%s: %d with the arguments of this test, which must make it succeed",
                  call->symbol, usual);
    const uint64_t objects = object_count();
    for (size_t i = 0; i < call->count; i++) {
        if (call->parameters[i].direction != NO_POINTER) {
            check_bad_pointers(i, &call->parameters[i]);
            check_edge(i, &call->parameters[i]);
        }
    }
    ck_assert_uint_eq(object_count(), objects);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("bad_pointers");
    TCase *tcase = tcase_create("pointers");
    tcase_add_loop_test(tcase, every_pointer_of_a_call_may_be_bad, 0, CALL_COUNT);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
