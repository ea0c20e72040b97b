// SPDX-License-Identifier: MIT
//
// Topics and records of zx_object_get_info(), thread states and object properties (objects ABI
// 1.8 and 1.9, hypervisor ABI 2.2 and 2.7). A number here does not mean that the topic is answered:
// zircon/syscalls.h lists the ones that are.

#ifndef ZIRCON_SYSCALLS_OBJECT_H_
#define ZIRCON_SYSCALLS_OBJECT_H_

#include <zircon/syscalls/memory_records.h>
#include <zircon/types.h>

typedef uint32_t zx_object_info_topic_t;

// A topic's number, and in the top four bits the version of its record.
#define ZIRCONIA_INFO_TOPIC(topic, version) ((zx_object_info_topic_t)((topic) | ((version) << 28)))
#define __ZX_INFO_TOPIC(topic, version) ZIRCONIA_INFO_TOPIC(topic, version)

#define ZX_INFO_NONE ZIRCONIA_INFO_TOPIC(0u, 0u)
#define ZX_INFO_HANDLE_VALID ZIRCONIA_INFO_TOPIC(1u, 0u)          // no record
#define ZX_INFO_HANDLE_BASIC ZIRCONIA_INFO_TOPIC(2u, 0u)          // zx_info_handle_basic_t
#define ZX_INFO_PROCESS_THREADS ZIRCONIA_INFO_TOPIC(4u, 0u)       // zx_koid_t, any number
#define ZX_INFO_VMAR ZIRCONIA_INFO_TOPIC(7u, 0u)                  // zx_info_vmar_t
#define ZX_INFO_JOB_CHILDREN ZIRCONIA_INFO_TOPIC(8u, 0u)          // zx_koid_t, any number
#define ZX_INFO_JOB_PROCESSES ZIRCONIA_INFO_TOPIC(9u, 0u)         // zx_koid_t, any number
#define ZX_INFO_THREAD ZIRCONIA_INFO_TOPIC(10u, 0u)               // zx_info_thread_t
#define ZX_INFO_THREAD_STATS ZIRCONIA_INFO_TOPIC(15u, 0u)         // zx_info_thread_stats_t
#define ZX_INFO_CPU_STATS ZIRCONIA_INFO_TOPIC(16u, 0u)            // zx_info_cpu_stats_t, any number
#define ZX_INFO_RESOURCE ZIRCONIA_INFO_TOPIC(18u, 0u)             // zx_info_resource_t
#define ZX_INFO_HANDLE_COUNT ZIRCONIA_INFO_TOPIC(19u, 0u)         // zx_info_handle_count_t
#define ZX_INFO_BTI ZIRCONIA_INFO_TOPIC(20u, 0u)                  // zx_info_bti_t
#define ZX_INFO_PROCESS_HANDLE_STATS ZIRCONIA_INFO_TOPIC(21u, 0u) // zx_info_process_handle_stats_t
#define ZX_INFO_SOCKET ZIRCONIA_INFO_TOPIC(22u, 0u)               // zx_info_socket_t
#define ZX_INFO_VCPU ZIRCONIA_INFO_TOPIC(32u, 0u)                 // zx_info_vcpu_t
#if ZIRCONIA_ERA < 202209
#define ZX_INFO_PROCESS ZIRCONIA_INFO_TOPIC(3u, 0u) // zx_info_process_t
#else
#define ZX_INFO_PROCESS ZIRCONIA_INFO_TOPIC(3u, 1u) // zx_info_process_t
#endif
#if ZIRCONIA_ERA < 202104
#define ZX_INFO_THREAD_EXCEPTION_REPORT ZIRCONIA_INFO_TOPIC(11u, 0u) // zx_exception_report_t
#define ZX_INFO_TASK_STATS ZIRCONIA_INFO_TOPIC(12u, 0u)              // zx_info_task_stats_t
#define ZX_INFO_PROCESS_MAPS ZIRCONIA_INFO_TOPIC(13u, 0u)            // zx_info_maps_t, any number
#define ZX_INFO_PROCESS_VMOS ZIRCONIA_INFO_TOPIC(14u, 0u)            // zx_info_vmo_t, any number
#define ZX_INFO_KMEM_STATS ZIRCONIA_INFO_TOPIC(17u, 0u)              // zx_info_kmem_stats_t
#define ZX_INFO_VMO ZIRCONIA_INFO_TOPIC(23u, 0u)                     // zx_info_vmo_t
#else
// A record of an older version has a type of its own: zx_info_vmo_v1_t for ZX_INFO_VMO_V1.
#define ZX_INFO_THREAD_EXCEPTION_REPORT_V1 ZIRCONIA_INFO_TOPIC(11u, 0u)
#define ZX_INFO_THREAD_EXCEPTION_REPORT ZIRCONIA_INFO_TOPIC(11u, 1u) // zx_exception_report_t
#define ZX_INFO_TASK_STATS_V1 ZIRCONIA_INFO_TOPIC(12u, 0u)
#define ZX_INFO_PROCESS_MAPS_V1 ZIRCONIA_INFO_TOPIC(13u, 0u)
#define ZX_INFO_PROCESS_MAPS_V2 ZIRCONIA_INFO_TOPIC(13u, 1u)
#define ZX_INFO_PROCESS_VMOS_V1 ZIRCONIA_INFO_TOPIC(14u, 0u)
#define ZX_INFO_PROCESS_VMOS_V2 ZIRCONIA_INFO_TOPIC(14u, 1u)
#define ZX_INFO_PROCESS_VMOS_V3 ZIRCONIA_INFO_TOPIC(14u, 2u)
#define ZX_INFO_KMEM_STATS_V1 ZIRCONIA_INFO_TOPIC(17u, 0u)
#define ZX_INFO_VMO_V1 ZIRCONIA_INFO_TOPIC(23u, 0u)
#define ZX_INFO_VMO_V2 ZIRCONIA_INFO_TOPIC(23u, 1u)
#define ZX_INFO_VMO_V3 ZIRCONIA_INFO_TOPIC(23u, 2u)
#define ZX_INFO_JOB ZIRCONIA_INFO_TOPIC(24u, 0u)          // zx_info_job_t
#define ZX_INFO_TIMER ZIRCONIA_INFO_TOPIC(25u, 0u)        // zx_info_timer_t
#define ZX_INFO_STREAM ZIRCONIA_INFO_TOPIC(26u, 0u)       // zx_info_stream_t
#define ZX_INFO_HANDLE_TABLE ZIRCONIA_INFO_TOPIC(27u, 0u) // zx_info_handle_extended_t, any number
#define ZX_INFO_MSI ZIRCONIA_INFO_TOPIC(28u, 0u)          // zx_info_msi_t
#define ZX_INFO_GUEST_STATS ZIRCONIA_INFO_TOPIC(29u, 0u)  // zx_info_guest_stats_t, any number
#define ZX_INFO_TASK_RUNTIME_V1 ZIRCONIA_INFO_TOPIC(30u, 0u)
#define ZX_INFO_KMEM_STATS_EXTENDED ZIRCONIA_INFO_TOPIC(31u, 0u) // zx_info_kmem_stats_extended_t
#if ZIRCONIA_ERA < 202209
#define ZX_INFO_TASK_STATS ZX_INFO_TASK_STATS_V1     // zx_info_task_stats_t
#define ZX_INFO_PROCESS_MAPS ZX_INFO_PROCESS_MAPS_V1 // zx_info_maps_t, any number
#define ZX_INFO_PROCESS_VMOS ZX_INFO_PROCESS_VMOS_V2 // zx_info_vmo_t, any number
#define ZX_INFO_KMEM_STATS ZX_INFO_KMEM_STATS_V1     // zx_info_kmem_stats_t
#define ZX_INFO_VMO ZX_INFO_VMO_V2                   // zx_info_vmo_t
#define ZX_INFO_TASK_RUNTIME ZX_INFO_TASK_RUNTIME_V1 // zx_info_task_runtime_t
#else
#define ZX_INFO_TASK_STATS ZIRCONIA_INFO_TOPIC(12u, 1u)   // zx_info_task_stats_t
#define ZX_INFO_PROCESS_MAPS ZIRCONIA_INFO_TOPIC(13u, 2u) // zx_info_maps_t, any number
#define ZX_INFO_PROCESS_VMOS ZIRCONIA_INFO_TOPIC(14u, 3u) // zx_info_vmo_t, any number
#define ZX_INFO_KMEM_STATS ZIRCONIA_INFO_TOPIC(17u, 1u)   // zx_info_kmem_stats_t
#define ZX_INFO_VMO ZIRCONIA_INFO_TOPIC(23u, 3u)          // zx_info_vmo_t
#define ZX_INFO_TASK_RUNTIME ZIRCONIA_INFO_TOPIC(30u, 1u) // zx_info_task_runtime_t
#endif
#endif

typedef struct zx_info_handle_basic {
    zx_koid_t koid;
    zx_rights_t rights;
    zx_obj_type_t type;
    zx_koid_t related_koid; // A thread's process, an eventpair's peer, ...; 0 for most.
#if ZIRCONIA_ERA < 202104
    uint32_t props; // zx_obj_props_t
#else
    uint32_t reserved;
#endif
    uint8_t padding1[4];
} zx_info_handle_basic_t;

#define ZIRCONIA_2018_OBJ_PROP_WAITABLE ((uint32_t)1u) // Has signals that can be waited for.
#if ZIRCONIA_ERA < 202104
typedef uint32_t zx_obj_props_t;

#define ZX_OBJ_PROP_NONE ((uint32_t)0u)
#define ZX_OBJ_PROP_WAITABLE ZIRCONIA_2018_OBJ_PROP_WAITABLE
#endif

typedef struct zx_info_handle_count {
    uint32_t handle_count;
} zx_info_handle_count_t;

typedef struct zx_info_process_handle_stats {
    uint32_t handle_count[64]; // Handles of each type, by its number.
} zx_info_process_handle_stats_t;

#if ZIRCONIA_ERA >= 202104
typedef struct zx_info_handle_extended {
    zx_obj_type_t type;
    zx_handle_t handle_value; // In the process that was asked about.
    zx_rights_t rights;
    uint32_t reserved;
    zx_koid_t koid;
    zx_koid_t related_koid;
    zx_koid_t peer_owner_koid;
} zx_info_handle_extended_t;
#endif

typedef struct zx_info_vmar {
    uintptr_t base;
    size_t len;
} zx_info_vmar_t;

typedef struct zx_info_resource {
    uint32_t kind;
    uint32_t flags;
    uint64_t base;
    size_t size;
    char name[ZX_MAX_NAME_LEN];
} zx_info_resource_t;

#define ZX_INFO_VCPU_FLAG_KICKED ((uint32_t)1u << 0) // A kick waits to be consumed by a run call.

typedef struct zx_info_vcpu {
    uint32_t flags;
} zx_info_vcpu_t;

// Thread states: the basic state is the low byte.
typedef uint32_t zx_thread_state_t;

#define ZX_THREAD_STATE_NEW ((zx_thread_state_t)0x0000u)
#define ZX_THREAD_STATE_RUNNING ((zx_thread_state_t)0x0001u)
#define ZX_THREAD_STATE_SUSPENDED ((zx_thread_state_t)0x0002u)
#define ZX_THREAD_STATE_BLOCKED ((zx_thread_state_t)0x0003u) // Always with one of the reasons.
#define ZX_THREAD_STATE_DYING ((zx_thread_state_t)0x0004u)
#define ZX_THREAD_STATE_DEAD ((zx_thread_state_t)0x0005u)
#define ZX_THREAD_STATE_BLOCKED_EXCEPTION ((zx_thread_state_t)0x0103u)
#define ZX_THREAD_STATE_BLOCKED_SLEEPING ((zx_thread_state_t)0x0203u)
#define ZX_THREAD_STATE_BLOCKED_FUTEX ((zx_thread_state_t)0x0303u)
#define ZX_THREAD_STATE_BLOCKED_PORT ((zx_thread_state_t)0x0403u)
#define ZX_THREAD_STATE_BLOCKED_CHANNEL ((zx_thread_state_t)0x0503u)
#define ZX_THREAD_STATE_BLOCKED_WAIT_ONE ((zx_thread_state_t)0x0603u)
#define ZX_THREAD_STATE_BLOCKED_WAIT_MANY ((zx_thread_state_t)0x0703u)
#define ZX_THREAD_STATE_BLOCKED_INTERRUPT ((zx_thread_state_t)0x0803u)
#if ZIRCONIA_ERA >= 202104
#define ZX_THREAD_STATE_BLOCKED_PAGER ((zx_thread_state_t)0x0903u)
#endif
#define ZX_THREAD_STATE_BASIC(state) (0xffu & (state))

#if ZIRCONIA_ERA < 202104

typedef struct zx_info_thread {
    zx_thread_state_t state;
    uint32_t wait_exception_port_type; // ZX_EXCEPTION_PORT_TYPE_
} zx_info_thread_t;

typedef struct zx_info_thread_stats {
    zx_duration_t total_runtime;
} zx_info_thread_stats_t;

#else

typedef struct zx_info_thread {
    zx_thread_state_t state;
    uint32_t wait_exception_channel_type; // ZX_EXCEPTION_CHANNEL_TYPE_
    zx_cpu_set_t cpu_affinity_mask;
} zx_info_thread_t;

#define ZX_INFO_INVALID_CPU ((uint32_t)0xffffffffu)

typedef struct zx_info_thread_stats {
    zx_duration_t total_runtime;
    uint32_t last_scheduled_cpu; // ZX_INFO_INVALID_CPU when it never ran.
    uint8_t padding1[4];
} zx_info_thread_stats_t;

#endif

#if ZIRCONIA_ERA < 202209
typedef struct zx_info_process {
    int64_t return_code; // Valid when exited.
    bool started;
    bool exited;
    bool debugger_attached;
    uint8_t padding1[5];
} zx_info_process_t;
#else
#define ZX_INFO_PROCESS_FLAG_STARTED ((uint32_t)1u << 0)
#define ZX_INFO_PROCESS_FLAG_EXITED ((uint32_t)1u << 1)
#define ZX_INFO_PROCESS_FLAG_DEBUGGER_ATTACHED ((uint32_t)1u << 2)

typedef struct zx_info_process {
    int64_t return_code; // Valid with ZX_INFO_PROCESS_FLAG_EXITED.
    zx_time_t start_time;
    uint32_t flags;
    uint8_t padding1[4];
} zx_info_process_t;
#endif

#if ZIRCONIA_ERA >= 202104

typedef struct zx_info_job {
    int64_t return_code; // Valid when exited.
    bool exited;
    bool kill_on_oom;
    bool debugger_attached;
    uint8_t padding1[5];
} zx_info_job_t;

typedef struct zx_info_timer {
    uint32_t options; // The options of zx_timer_create().
#if ZIRCONIA_ERA < 202209
    uint8_t padding1[4];
#else
    zx_clock_t clock_id; // Padding until 2023.
#endif
    zx_time_t deadline; // 0 when it is not set.
    zx_duration_t slack;
} zx_info_timer_t;

// Times of a task and all that belong to it. Waiting for the processor is queue_time.
typedef struct zx_info_task_runtime_v1 {
    zx_duration_t cpu_time;
    zx_duration_t queue_time;
} zx_info_task_runtime_v1_t;

typedef struct zx_info_task_runtime_v2 {
    zx_duration_t cpu_time;
    zx_duration_t queue_time;
    zx_duration_t page_fault_time;
    zx_duration_t lock_contention_time;
} zx_info_task_runtime_v2_t;

#if ZIRCONIA_ERA < 202209
typedef zx_info_task_runtime_v1_t zx_info_task_runtime_t;
#define zx_info_task_runtime zx_info_task_runtime_v1
#else
typedef zx_info_task_runtime_v2_t zx_info_task_runtime_t;
#define zx_info_task_runtime zx_info_task_runtime_v2
#endif

// Return codes of tasks that were killed.
#define ZX_TASK_RETCODE_SYSCALL_KILL ((int64_t)-1024)
#define ZX_TASK_RETCODE_OOM_KILL ((int64_t)-1025)
#define ZX_TASK_RETCODE_POLICY_KILL ((int64_t)-1026)
#define ZX_TASK_RETCODE_VDSO_KILL ((int64_t)-1027)
#define ZX_TASK_RETCODE_EXCEPTION_KILL ((int64_t)-1028)
#define ZX_TASK_RETCODE_CRITICAL_PROCESS_KILL ((int64_t)-1029)

#endif

// ---- The system ----

#define ZX_INFO_CPU_STATS_FLAG_ONLINE (1u << 0)

typedef struct zx_info_cpu_stats {
    uint32_t cpu_number;
    uint32_t flags; // ZX_INFO_CPU_STATS_FLAG_
    zx_duration_t idle_time;
    uint64_t reschedules;
    uint64_t context_switches;
    uint64_t irq_preempts;
    uint64_t preempts;
    uint64_t yields;
    uint64_t ints;
    uint64_t timer_ints;
    uint64_t timers;
    uint64_t page_faults;
    uint64_t exceptions;
    uint64_t syscalls;
    uint64_t reschedule_ipis;
    uint64_t generic_ipis;
} zx_info_cpu_stats_t;

#if ZIRCONIA_ERA >= 202104

// How often the guests of one processor of the host ended their runs, by reason.
typedef struct zx_x86_64_info_guest_stats {
    uint32_t cpu_number;
    uint32_t flags; // ZX_INFO_CPU_STATS_FLAG_
    uint64_t vm_entries;
    uint64_t vm_exits;
    uint64_t interrupts;
    uint64_t interrupt_windows;
    uint64_t cpuid_instructions;
    uint64_t hlt_instructions;
    uint64_t control_register_accesses;
    uint64_t io_instructions;
    uint64_t rdmsr_instructions;
    uint64_t wrmsr_instructions;
    uint64_t ept_violations;
    uint64_t xsetbv_instructions;
    uint64_t pause_instructions;
    uint64_t vmcall_instructions;
} zx_x86_64_info_guest_stats_t;

// 2021 had this name for the type.
typedef zx_x86_64_info_guest_stats_t zx_x86_64_info_guest_stats;

typedef struct zx_arm64_info_guest_stats {
    uint32_t cpu_number;
    uint32_t flags;
    uint64_t vm_entries;
    uint64_t vm_exits;
    uint64_t wfi_wfe_instructions;
    uint64_t instruction_aborts;
    uint64_t data_aborts;
    uint64_t system_instructions;
    uint64_t smc_instructions;
    uint64_t interrupts;
} zx_arm64_info_guest_stats_t;

// The guest is x86-64 whatever the host is.
typedef zx_x86_64_info_guest_stats_t zx_info_guest_stats_t;

#endif

// ---- Objects that are not modelled ----

typedef struct zx_info_bti {
    uint64_t minimum_contiguity;
    uint64_t aspace_size;
#if ZIRCONIA_ERA >= 202104
    uint64_t pmo_count;
    uint64_t quarantine_count;
#endif
} zx_info_bti_t;

typedef struct zx_info_socket {
    uint32_t options;
    uint8_t padding1[4];
    size_t rx_buf_max;
    size_t rx_buf_size;
    size_t rx_buf_available;
    size_t tx_buf_max;
    size_t tx_buf_size;
} zx_info_socket_t;

#if ZIRCONIA_ERA >= 202104

typedef struct zx_info_stream {
    uint32_t options;
    uint8_t padding1[4];
    zx_off_t seek;
    uint64_t content_size;
} zx_info_stream_t;

typedef struct zx_info_msi {
    uint64_t target_addr;
    uint32_t target_data;
    uint32_t base_irq_id;
    uint32_t num_irq;
    uint32_t interrupt_count;
} zx_info_msi_t;

#endif

// ---- Properties ----

#define ZX_PROP_REGISTER_GS ((uint32_t)2u)
#define ZX_PROP_NAME ((uint32_t)3u)
#define ZX_PROP_REGISTER_FS ((uint32_t)4u)
#define ZX_PROP_PROCESS_DEBUG_ADDR ((uint32_t)5u)
#define ZX_PROP_PROCESS_VDSO_BASE_ADDRESS ((uint32_t)6u)
#define ZX_PROP_SOCKET_RX_THRESHOLD ((uint32_t)12u)
#define ZX_PROP_SOCKET_TX_THRESHOLD ((uint32_t)13u)
#define ZX_PROP_JOB_KILL_ON_OOM ((uint32_t)15u)
#define ZX_PROCESS_DEBUG_ADDR_BREAK_ON_SET ((uintptr_t)1u) // A value of ZX_PROP_PROCESS_DEBUG_ADDR.
#if ZIRCONIA_ERA >= 202104
#define ZX_PROP_PROCESS_BREAK_ON_LOAD ((uint32_t)7u)
#define ZX_PROP_PROCESS_HW_TRACE_CONTEXT_ID ((uint32_t)8u)
#define ZX_PROP_EXCEPTION_STATE ((uint32_t)16u)
#define ZX_PROP_VMO_CONTENT_SIZE ((uint32_t)17u)
#define ZX_PROP_EXCEPTION_STRATEGY ((uint32_t)18u)
#define ZX_PROP_STREAM_MODE_APPEND ((uint32_t)19u)

#define ZX_EXCEPTION_STATE_TRY_NEXT ((uint32_t)0u)
#define ZX_EXCEPTION_STATE_HANDLED ((uint32_t)1u)
#define ZX_EXCEPTION_STATE_THREAD_EXIT ((uint32_t)2u)

#define ZX_EXCEPTION_STRATEGY_FIRST_CHANCE ((uint32_t)0u)
#define ZX_EXCEPTION_STRATEGY_SECOND_CHANCE ((uint32_t)1u)
#endif

#endif // ZIRCON_SYSCALLS_OBJECT_H_
