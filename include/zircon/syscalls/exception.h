// SPDX-License-Identifier: MIT
//
// Exception types and reports, and the constants of the calls that answer an exception: ports and
// zx_task_resume() in the 2018 era, channels in 2022 (objects ABI 7.1, 8.1 to 8.4, 8.9). These are
// exceptions of host threads; a guest's own go through its IDT and never appear here.

#ifndef ZIRCON_SYSCALLS_EXCEPTION_H_
#define ZIRCON_SYSCALLS_EXCEPTION_H_

#include <zircon/types.h>

#ifdef _WIN32 // Its headers define `far` as nothing, which is a field here.
#pragma push_macro("far")
#undef far
#endif

typedef uint32_t zx_excp_type_t;

#define ZX_EXCP_GENERAL ((zx_excp_type_t)0x0008u)
#define ZX_EXCP_FATAL_PAGE_FAULT ((zx_excp_type_t)0x0108u)
#define ZX_EXCP_UNDEFINED_INSTRUCTION ((zx_excp_type_t)0x0208u)
#define ZX_EXCP_SW_BREAKPOINT ((zx_excp_type_t)0x0308u)
#define ZX_EXCP_HW_BREAKPOINT ((zx_excp_type_t)0x0408u)
#define ZX_EXCP_UNALIGNED_ACCESS ((zx_excp_type_t)0x0508u)

// Synthetic exceptions: raised by the kernel's own events, not by an instruction.
#define ZX_EXCP_THREAD_STARTING ((zx_excp_type_t)0x8008u)
#define ZX_EXCP_THREAD_EXITING ((zx_excp_type_t)0x8108u)
#define ZX_EXCP_POLICY_ERROR ((zx_excp_type_t)0x8208u)
#define ZX_EXCP_PROCESS_STARTING ((zx_excp_type_t)0x8308u)

#define ZX_EXCP_IS_ARCH(type) ((0x8000u & (type)) == 0)

typedef struct zx_x86_64_exc_data {
    uint64_t vector;
    uint64_t err_code;
    uint64_t cr2;
} zx_x86_64_exc_data_t;

// What an arm64 host reports.
typedef struct zx_arm64_exc_data {
    uint32_t esr;
    uint8_t padding1[4];
    uint64_t far;
#if ZIRCONIA_ERA >= 202104
    uint8_t padding2[8];
#endif
} zx_arm64_exc_data_t;

typedef struct zx_exception_header {
    uint32_t size; // Size of the whole report.
    zx_excp_type_t type;
} zx_exception_header_t;

typedef struct zx_exception_context {
    struct {
        union {
            zx_x86_64_exc_data_t x86_64;
            zx_arm64_exc_data_t arm_64;
        } u;
    } arch; // All zero for a synthetic exception.
#if ZIRCONIA_ERA >= 202104
    uint32_t synth_code;
    uint32_t synth_data;
#endif
} zx_exception_context_t;

typedef struct zx_exception_report {
    zx_exception_header_t header;
    zx_exception_context_t context;
} zx_exception_report_t;

// Options of zx_task_resume().
#define ZX_RESUME_EXCEPTION ((uint32_t)1u)
#define ZX_RESUME_TRY_NEXT ((uint32_t)2u)

// Options of zx_task_bind_exception_port(); the second only without a port.
#define ZX_EXCEPTION_PORT_DEBUGGER ((uint32_t)1u)
#define ZX_EXCEPTION_PORT_UNBIND_QUIETLY ((uint32_t)2u)

#if ZIRCONIA_ERA < 202104

#define ZX_EXCP_SYNTH ((zx_excp_type_t)0x80u) // In the number n of ZX_PKT_TYPE_EXCEPTION(n).

// What a thread in an exception waits for: wait_exception_port_type of zx_info_thread_t.
#define ZX_EXCEPTION_PORT_TYPE_NONE ((uint32_t)0u)
#define ZX_EXCEPTION_PORT_TYPE_DEBUGGER ((uint32_t)1u)
#define ZX_EXCEPTION_PORT_TYPE_THREAD ((uint32_t)2u)
#define ZX_EXCEPTION_PORT_TYPE_PROCESS ((uint32_t)3u)
#define ZX_EXCEPTION_PORT_TYPE_JOB ((uint32_t)4u)
#define ZX_EXCEPTION_PORT_TYPE_JOB_DEBUGGER ((uint32_t)5u)

#else

#define ZX_EXCP_SYNTH ((zx_excp_type_t)0x8000u)

// The synth_code of a policy error, none of which is raised here.
#define ZX_EXCP_POLICY_CODE_BAD_HANDLE ((uint32_t)0u)
#define ZX_EXCP_POLICY_CODE_WRONG_OBJECT ((uint32_t)1u)
#define ZX_EXCP_POLICY_CODE_VMAR_WX ((uint32_t)2u)
#define ZX_EXCP_POLICY_CODE_NEW_ANY ((uint32_t)3u)
#define ZX_EXCP_POLICY_CODE_NEW_VMO ((uint32_t)4u)
#define ZX_EXCP_POLICY_CODE_NEW_CHANNEL ((uint32_t)5u)
#define ZX_EXCP_POLICY_CODE_NEW_EVENT ((uint32_t)6u)
#define ZX_EXCP_POLICY_CODE_NEW_EVENTPAIR ((uint32_t)7u)
#define ZX_EXCP_POLICY_CODE_NEW_PORT ((uint32_t)8u)
#define ZX_EXCP_POLICY_CODE_NEW_SOCKET ((uint32_t)9u)
#define ZX_EXCP_POLICY_CODE_NEW_FIFO ((uint32_t)10u)
#define ZX_EXCP_POLICY_CODE_NEW_TIMER ((uint32_t)11u)
#define ZX_EXCP_POLICY_CODE_NEW_PROCESS ((uint32_t)12u)
#define ZX_EXCP_POLICY_CODE_NEW_PROFILE ((uint32_t)13u)
#if ZIRCONIA_ERA < 202209
#define ZX_EXCP_POLICY_CODE_AMBIENT_MARK_VMO_EXEC ((uint32_t)14u)
#define ZX_EXCP_POLICY_CODE_CHANNEL_FULL_WRITE ((uint32_t)15u)
#define ZX_EXCP_POLICY_CODE_PORT_TOO_MANY_PACKETS ((uint32_t)16u)
#define ZX_EXCP_POLICY_CODE_BAD_SYSCALL ((uint32_t)17u)
#else
#if ZIRCONIA_ERA < 202209
#define ZX_EXCP_POLICY_CODE_AMBIENT_MARK_VMO_EXEC ((uint32_t)14u)
#define ZX_EXCP_POLICY_CODE_CHANNEL_FULL_WRITE ((uint32_t)15u)
#define ZX_EXCP_POLICY_CODE_PORT_TOO_MANY_PACKETS ((uint32_t)16u)
#define ZX_EXCP_POLICY_CODE_BAD_SYSCALL ((uint32_t)17u)
#else
#define ZX_EXCP_POLICY_CODE_NEW_PAGER ((uint32_t)14u)
#define ZX_EXCP_POLICY_CODE_AMBIENT_MARK_VMO_EXEC ((uint32_t)15u)
#define ZX_EXCP_POLICY_CODE_CHANNEL_FULL_WRITE ((uint32_t)16u)
#define ZX_EXCP_POLICY_CODE_PORT_TOO_MANY_PACKETS ((uint32_t)17u)
#define ZX_EXCP_POLICY_CODE_BAD_SYSCALL ((uint32_t)18u)
#define ZX_EXCP_POLICY_CODE_PORT_TOO_MANY_OBSERVERS ((uint32_t)19u)
#endif
#define ZX_EXCP_POLICY_CODE_HANDLE_LEAK ((uint32_t)20u)
#define ZX_EXCP_POLICY_CODE_NEW_IOB ((uint32_t)21u)
#define ZX_EXCP_POLICY_CODE_NEW_SAMPLER ((uint32_t)22u)
#endif

// Raised by a program, with a synth_code of its choice from USER0 on.
#define ZX_EXCP_USER ((zx_excp_type_t)0x8309u)
#define ZX_EXCP_USER_CODE_PROCESS_NAME_CHANGED ((uint32_t)1u)
#define ZX_EXCP_USER_CODE_USER0 ((uint32_t)0xf000u)
#define ZX_EXCP_USER_CODE_USER1 ((uint32_t)0xf001u)
#define ZX_EXCP_USER_CODE_USER2 ((uint32_t)0xf002u)

// The first version of the report and its parts.
typedef struct zx_arm64_exc_data_v1 {
    uint32_t esr;
    uint8_t padding1[4];
    uint64_t far;
} zx_arm64_exc_data_v1_t;

typedef struct zx_exception_context_v1 {
    struct {
        union {
            zx_x86_64_exc_data_t x86_64;
            zx_arm64_exc_data_v1_t arm_64;
        } u;
    } arch;
} zx_exception_context_v1_t;

typedef struct zx_exception_report_v1 {
    zx_exception_header_t header;
    zx_exception_context_v1_t context;
} zx_exception_report_v1_t;

// The message on an exception channel; one exception handle comes with it.
typedef struct zx_exception_info {
    zx_koid_t pid;
    zx_koid_t tid;
    zx_excp_type_t type;
    uint8_t padding1[4];
} zx_exception_info_t;

// Options of zx_task_create_exception_channel().
#define ZX_EXCEPTION_CHANNEL_DEBUGGER ((uint32_t)1u)
#define ZX_EXCEPTION_CHANNEL_JOB_DEBUGGER_MAX_COUNT ((uint32_t)32u)

// What a thread in an exception waits for: wait_exception_channel_type of zx_info_thread_t.
#define ZX_EXCEPTION_CHANNEL_TYPE_NONE ((uint32_t)0u)
#define ZX_EXCEPTION_CHANNEL_TYPE_DEBUGGER ((uint32_t)1u)
#define ZX_EXCEPTION_CHANNEL_TYPE_THREAD ((uint32_t)2u)
#define ZX_EXCEPTION_CHANNEL_TYPE_PROCESS ((uint32_t)3u)
#define ZX_EXCEPTION_CHANNEL_TYPE_JOB ((uint32_t)4u)
#define ZX_EXCEPTION_CHANNEL_TYPE_JOB_DEBUGGER ((uint32_t)5u)

#endif

#ifdef _WIN32
#pragma pop_macro("far")
#endif

#endif // ZIRCON_SYSCALLS_EXCEPTION_H_
