// SPDX-License-Identifier: MIT
//
// What calls a client makes, for a person to read: a line for each on standard error, in strace's
// manner, when the environment has ZIRCONIA_TRACE=calls. A line is one write(2), made on the stack,
// so that it may come from a signal handler and does not mix with another thread's. Without it a
// call pays for one load. The log has the calls that fail, with the reason.

#ifndef SYSCALLS_TRACE_H
#define SYSCALLS_TRACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zircon/syscalls/port.h>
#include <zircon/types.h>

// The names of a set of value_names.inc.
enum named_form { FLAGS, CHOICES, TIMES };

struct named_value {
    uint64_t value;
    const char *name;
};

struct value_names {
    enum named_form form;
    const struct named_value *names; // Up to one without a name.
};

#define SET(set, form) extern const struct value_names value_names_##set;
#define NAME(constant)
#define END
#include "syscalls/value_names.inc"
#undef SET
#undef NAME
#undef END

// How a parameter is shown. The content behind a pointer is shown as far as its type is known: for
// an input always, for an output if the call has succeeded.
enum trace_form { TRACE_VALUE, TRACE_ADDRESS, TRACE_NUMBER, TRACE_TEXT, TRACE_PACKET };

struct traced_parameter {
    const char *name;
    enum trace_form form;
    bool output;
    bool optional;                   // NULL is fine.
    size_t size;                     // Size of what a pointer leads to; 0 for an array.
    const struct value_names *names; // Names for a TRACE_VALUE; NULL for a plain number.
    const char *count;               // For an array: the parameter that says how long it is.
    const char *type_name;           // For a handle, as the three below.
    const char *right_name;
    zx_obj_type_t type;
    zx_rights_t right;
};

struct traced_call {
    const char *name; // As the client writes it.
    bool blocks;
    size_t count;
    const struct traced_parameter *parameters;
};

// --- Making those of a row ---

#define TRACE_FORM(type)                                                                           \
    _Generic((type *)0, unsigned *                                                                 \
             : TRACE_NUMBER, unsigned long *                                                       \
             : TRACE_NUMBER, unsigned long long *                                                  \
             : TRACE_NUMBER, long *                                                                \
             : TRACE_NUMBER, long long *                                                           \
             : TRACE_NUMBER, zx_port_packet_t *                                                    \
             : TRACE_PACKET, default                                                               \
             : TRACE_ADDRESS)
#define TRACE_ARRAY_FORM(type)                                                                     \
    _Generic((type *)0, char * : TRACE_TEXT, const char * : TRACE_TEXT, default : TRACE_ADDRESS)

#define TRACED(parameter) TRACED_##parameter
#define TRACED_HANDLE(its_name, its_type, its_right)                                               \
    {                                                                                              \
        .name = #its_name, .type_name = #its_type, .right_name = #its_right,                       \
        .type = ZX_OBJ_TYPE_##its_type, .right = ZX_RIGHT_##its_right                              \
    }
#define TRACED_OBJECT TRACED_HANDLE
#define TRACED_HELD TRACED_HANDLE
#define TRACED_OPTIONAL_HANDLE TRACED_HANDLE
#define TRACED_OPTIONAL_OBJECT TRACED_HANDLE
#define TRACED_VALUE(its_type, its_name)                                                           \
    { .name = #its_name }
#define TRACED_NAMED(its_type, its_name, set)                                                      \
    { .name = #its_name, .names = &value_names_##set }
#define TRACED_READS(its_type, its_name)                                                           \
    { .name = #its_name, .form = TRACE_FORM(its_type), .size = sizeof(its_type) }
#define TRACED_WRITES(its_type, its_name)                                                          \
    { .name = #its_name, .form = TRACE_FORM(its_type), .size = sizeof(its_type), .output = true }
#define TRACED_MAY_WRITE(its_type, its_name)                                                       \
    {                                                                                              \
        .name = #its_name, .form = TRACE_FORM(its_type), .size = sizeof(its_type), .output = true, \
        .optional = true                                                                           \
    }
#define TRACED_READS_ARRAY(its_type, its_name, its_count)                                          \
    { .name = #its_name, .form = TRACE_ARRAY_FORM(its_type), .count = #its_count }
#define TRACED_WRITES_ARRAY(its_type, its_name, its_count)                                         \
    { .name = #its_name, .form = TRACE_ADDRESS, .count = #its_count, .output = true }
#define TRACED_CHANGES_ARRAY TRACED_WRITES_ARRAY
#define TRACED_IGNORES(its_type, its_name)                                                         \
    { .name = #its_name, .form = TRACE_ADDRESS }

// An argument as a number.
#define BITS(parameter) BITS_##parameter
#define BITS_HANDLE(name, type, right) (uint64_t)(name)
#define BITS_OBJECT BITS_HANDLE
#define BITS_HELD BITS_HANDLE
#define BITS_OPTIONAL_HANDLE BITS_HANDLE
#define BITS_OPTIONAL_OBJECT BITS_HANDLE
#define BITS_VALUE(type, name) (uint64_t)(name)
#define BITS_NAMED(type, name, set) (uint64_t)(name)
#define BITS_READS(type, name) (uintptr_t)(name)
#define BITS_WRITES BITS_READS
#define BITS_MAY_WRITE BITS_READS
#define BITS_READS_ARRAY(type, name, count) (uintptr_t)(name)
#define BITS_WRITES_ARRAY BITS_READS_ARRAY
#define BITS_CHANGES_ARRAY BITS_READS_ARRAY
#define BITS_IGNORES BITS_READS

// Declares `call` of a row, by the name that clients know it by.
#define TRACED_ROW(its_name, its_blocks, its_parameters)                                           \
    static const struct traced_parameter traced_parameters[] = {EACH(TRACED, its_parameters)};     \
    static const struct traced_call call = {                                                       \
        .name = its_name,                                                                          \
        .blocks = its_blocks,                                                                      \
        .count = sizeof traced_parameters / sizeof traced_parameters[0],                           \
        .parameters = traced_parameters,                                                           \
    }

// The arguments of a call, made only where they are shown.
#define ARGUMENTS(parameters)                                                                      \
    (const uint64_t[]) {                                                                           \
        EACH(BITS, parameters)                                                                     \
    }

// --- Showing them ---

enum trace_state { TRACE_UNDECIDED, TRACE_OFF, TRACE_ON };
extern atomic_int trace_state;

// Reads the environment once. May run in a signal handler, because getenv() allocates nothing.
bool trace_decide(void);

static inline bool trace_is_on(void) {
    const int state = atomic_load_explicit(&trace_state, memory_order_relaxed);
    return state != TRACE_OFF && (state == TRACE_ON || trace_decide());
}

// Tells of a call that may block, before it does.
void trace_begin(const struct traced_call *call, const uint64_t *arguments);
void trace_end(const struct traced_call *call, const uint64_t *arguments, zx_status_t status);

// Logs, as a debug message, that a call has failed. The conditions in the table are those of the
// newest era; for a call of another era the line says so.
void trace_failure(const struct traced_call *call, const uint64_t *arguments, zx_status_t status,
                   bool newest);

// Tells of a call without a status, with its result; and of a call that returns nothing, or does
// not return.
void trace_result(const char *name, uint64_t result);
void trace_plain(const char *name);

#endif // SYSCALLS_TRACE_H
