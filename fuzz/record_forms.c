// SPDX-License-Identifier: MIT
//
// The form of each call in an input of fuzz_syscalls: the table, and what is like no other call.

#include "record_calls.h"

#include "platform/platform.h"

#include <string.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>

// --- What is like no other call ---

static bool write_closes(struct recorded *recorded) {
    const zx_handle_t *handles = (const zx_handle_t *)(uintptr_t)argument(recorded, "handles");
    const uint64_t count = argument(recorded, "num_handles");
    recorded->bytes.count = 0;
    recorded->bytes.calls = 0;
    recorded->made = "zx_handle_close";
    for (uint64_t i = 0; i < count && recorded->status == ZX_OK; i++) {
        const int slot = find_slot(handles[i]);
        if (slot > 0) {
            put_call(&recorded->bytes, FAMILY_OBJECT, 0);
            put(&recorded->bytes, (uint64_t)slot, 1);
            record.slots[slot] = ZX_HANDLE_INVALID;
        }
    }
    return recorded->bytes.count > 0;
}

// One call of the target makes an event and an event pair.
static bool write_events(struct recorded *recorded) {
    const uint64_t options = argument(recorded, "options");
    put(&recorded->bytes, options == 0 ? 0 : 3, 1);
    put(&recorded->bytes, options, options == 0 ? 0 : 4);
    if (recorded->status != ZX_OK) {
        return options != 0;
    }
    if (find_parameter(recorded, "out") != NULL) {
        keep(recorded, "out");
        put(&recorded->bytes, SCRATCH | SCRATCH << 8, 2);
        return true;
    }
    put(&recorded->bytes, SCRATCH, 1);
    return keep(recorded, "out0") && keep(recorded, "out1");
}

static bool write_port(struct recorded *recorded) {
    const uint64_t options = argument(recorded, "options");
    put(&recorded->bytes, options, 1);
    if (options >= 4 || record.ports == PORTS) {
        return false;
    }
    record.ports += recorded->status == ZX_OK ? 1 : 0;
    return keep(recorded, "out");
}

// For ever, or soon.
static bool write_timer_deadline(struct recorded *recorded) {
    const int64_t deadline = (int64_t)argument(recorded, "deadline");
    const bool far = deadline > platform_monotonic() + ZX_SEC(1);
    put(&recorded->bytes, far, 1);
    if (far) {
        put(&recorded->bytes, INT64_MAX, 8);
        return true;
    }
    return put_deadline(recorded, deadline);
}

static bool write_vmex(struct recorded *recorded) {
    const zx_handle_t vmex = (zx_handle_t)argument(recorded, "vmex");
    put(&recorded->bytes, vmex == ZX_HANDLE_INVALID ? 1 : 0, 1);
    return vmex == ZX_HANDLE_INVALID || put_handle(recorded, vmex);
}

// Four bytes behind one that says so.
static bool write_options(struct recorded *recorded) {
    put(&recorded->bytes, 0, 1);
    put(&recorded->bytes, argument(recorded, "options"), 4);
    return true;
}

// By the resource that the target has, where the call succeeds.
static bool write_guest(struct recorded *recorded) {
    const bool has_memory = find_parameter(recorded, "physmem_vmo") != NULL;
    const bool good = recorded->status == ZX_OK;
    if (record.has_guest) {
        return false;
    }
    record.has_guest = good;
    put(&recorded->bytes, good ? 1 : 0, 1);
    if (!good) {
        put(&recorded->bytes, argument(recorded, "options"), 1);
        if (!put_handle(recorded, (zx_handle_t)argument(recorded, "resource"))) {
            return false;
        }
    }
    if (has_memory && !put_handle(recorded, (zx_handle_t)argument(recorded, "physmem_vmo"))) {
        return false;
    }
    return keep(recorded, has_memory ? "out" : "guest_handle") && keep(recorded, "vmar_handle");
}

static bool write_trap_port(struct recorded *recorded) {
    const zx_handle_t port = (zx_handle_t)argument(recorded, "port_handle");
    return argument(recorded, "kind") == ZX_GUEST_TRAP_BELL ? put_handle(recorded, port)
                                                            : port == ZX_HANDLE_INVALID;
}

static bool write_vcpu_options(struct recorded *recorded) {
    const uint64_t options = argument(recorded, "options");
    put(&recorded->bytes, options == 0 ? 1 : 0, 1);
    return options < 2;
}

static bool write_state_size(struct recorded *recorded) {
    const uint64_t size = argument(recorded, "buffer_size");
    const bool whole = size == sizeof(zx_vcpu_state_t);
    put(&recorded->bytes, whole ? 0 : 1, 1);
    put(&recorded->bytes, size, whole ? 0 : 1);
    return whole || size < 256;
}

// The target's own, in place of the test's.
static bool write_observer(struct recorded *recorded) {
    put(&recorded->bytes, argument(recorded, "observer") == 0 ? 1 : 0, 1);
    return true;
}

static bool write_entry_observer(struct recorded *recorded) {
    put(&recorded->bytes, argument(recorded, "observer") == 0 ? 3 : 2, 1);
    return true;
}

static bool write_comparisons(struct recorded *recorded) {
    put(&recorded->bytes, argument(recorded, "compared") == 0 ? 0x01 : 0x41, 1);
    return true;
}

static bool write_coverage(struct recorded *recorded) {
    const uint64_t options = argument(recorded, "options");
    const bool off = argument(recorded, "map") == 0;
    put(&recorded->bytes, off ? 2 : 0x42 | options << 2, 1);
    return options < 4 && (!off || argument(recorded, "size") == 0);
}

static bool write_devices(struct recorded *recorded) {
    const uint64_t size = argument(recorded, "size");
    const bool off = argument(recorded, "save") == 0;
    put(&recorded->bytes, off ? 0 : 0x41, 1);
    if (!off) {
        put_amount(&recorded->bytes, size);
    }
    return !off || size == 0;
}

static bool write_thread(struct recorded *recorded) {
    const zx_handle_t process = (zx_handle_t)argument(recorded, "process");
    const uint64_t options = argument(recorded, "options");
    const bool plain = process == record.ours[0] && options == 0;
    if (options >= 256 || record.threads == THREADS) {
        return false;
    }
    put(&recorded->bytes, plain ? 1 : 0, 1);
    if (!plain && !put_handle(recorded, process)) {
        return false;
    }
    put_pointer(recorded, &(struct operand){.name = "name", .number = 1});
    put_amount(&recorded->bytes, argument(recorded, "name_size"));
    if (!plain) {
        put(&recorded->bytes, options, 1);
    }
    record.threads += recorded->status == ZX_OK ? 1 : 0;
    return keep(recorded, "out");
}

static bool write_bound_port(struct recorded *recorded) {
    const zx_handle_t port = (zx_handle_t)argument(recorded, "port");
    put(&recorded->bytes, port == ZX_HANDLE_INVALID ? 0 : 1, 1);
    return port == ZX_HANDLE_INVALID || put_handle(recorded, port);
}

static bool write_items(struct recorded *recorded) {
    zx_wait_item_t items[MOST_WORDS];
    const void *client = (const void *)(uintptr_t)argument(recorded, "items");
    const uint64_t count = argument(recorded, "num_items");
    if (client == NULL || count > MOST_WORDS ||
        !platform_copy(items, client, (size_t)count * sizeof items[0])) {
        put(&recorded->bytes, 0xe0, 1);
        return client == NULL;
    }
    const size_t place = 0;
    put(&recorded->bytes, 0, 1);
    poke_content(recorded, place, items, (size_t)count * sizeof items[0]);
    for (size_t i = 0; i < count; i++) {
        const int slot = find_slot(items[i].handle);
        if (slot >= 0) {
            const size_t at = place + i * sizeof items[0];
            put_call(&recorded->pokes, FAMILY_OBJECT, POKE);
            put(&recorded->pokes, at / 8, 2);
            put(&recorded->pokes, at % 8 != 0 ? 3 : 1, 1);
            put(&recorded->pokes, (uint64_t)slot, 1);
        }
    }
    return true;
}

// What a test has its threads do is code that the target does not have.
static bool write_program(struct recorded *recorded) {
    put(&recorded->bytes, record.program, 1);
    put(&recorded->bytes, 0, 3); // A stack, and two arguments.
    return true;
}

// Time for an exception to come.
static bool write_moment(struct recorded *recorded) {
    const int slot = find_slot((zx_handle_t)argument(recorded, "handle"));
    if (slot >= 0) {
        put_call(&recorded->pokes, FAMILY_TASK, WAIT_A_MOMENT);
        put(&recorded->pokes, (uint64_t)slot, 1);
    }
    return true;
}

static bool write_channel_handle(struct recorded *recorded) {
    return recorded->status != ZX_OK || argument(recorded, "num_handles") == 0 ||
           keep(recorded, "handles");
}

// --- The calls ---

static const struct operation operations[] = {
#define CALL(name, family, which, eras, ...) {#name, FAMILY_##family, which, eras, {__VA_ARGS__}},
#include "recorded_calls.inc"
#undef CALL
};

const struct operation *find_operation(const char *name) {
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (strcmp(operations[i].name, name) == 0) {
            return &operations[i];
        }
    }
    return NULL;
}

static bool put_number(struct input_bytes *bytes, uint64_t value, unsigned count, uint64_t limit) {
    put(bytes, value, count);
    return value < limit;
}

static bool put_address(struct recorded *recorded, uint64_t address) {
    const uint64_t beyond = address - record.last_mapped;
    put_amount(&recorded->bytes, beyond < 0x20000 ? beyond : address);
    return beyond < 0x20000 || address >= 0x20000;
}

bool put_operand(struct recorded *recorded, const struct operand *operand) {
    const uint64_t value = operand->name != NULL ? argument(recorded, operand->name) : 0;
    require(operand->name == NULL || operand->form == KEEP ||
                find_parameter(recorded, operand->name) != NULL,
            "a call has no parameter of that name");
    switch (operand->form) {
    case CONSTANT:
        return put_number(&recorded->bytes, operand->number, 1, 256);
    case BYTE:
        return put_number(&recorded->bytes, value, 1, operand->number);
    case HALF:
        return put_number(&recorded->bytes, value, 2, operand->number);
    case WORD:
        return put_number(&recorded->bytes, value, 4, UINT64_C(1) << 32);
    case AMOUNT:
        put_amount(&recorded->bytes, value);
        return true;
    case ADDRESS:
        return put_address(recorded, value);
    case DEADLINE:
        return put_deadline(recorded, (zx_time_t)value);
    case HANDLE:
        return put_handle(recorded, (zx_handle_t)value);
    case SLOT:
        return put_slot(recorded, (zx_handle_t)value);
    case KEEP:
        return keep(recorded, operand->name);
    case MAPPED:
        if (recorded->status == ZX_OK) {
            platform_copy(&record.last_mapped, (const void *)(uintptr_t)value,
                          sizeof record.last_mapped);
        }
        return put_pointer(recorded, operand);
    case POINTER:
        return put_pointer(recorded, operand);
    case EXCEPTION:
        return operand->write(recorded);
    default:
        return true;
    }
}
