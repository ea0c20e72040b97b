// SPDX-License-Identifier: MIT
//
// What the calls in zircon/syscalls/refused.h pass, as far as Zircon says it in zircon/types.h:
// options, limits and structures of channels, sockets, FIFOs, streams, pagers, interrupts, futexes
// and the devices behind them. A client that names them compiles; the calls refuse.

#ifndef ZIRCON_SYSCALLS_REFUSED_TYPES_H_
#define ZIRCON_SYSCALLS_REFUSED_TYPES_H_

#include <zircon/types.h>

// ---- Channels ----
//
// Exception channels are modelled (zircon/syscalls/task_calls.h), and ZX_CHANNEL_READ_MAY_DISCARD
// is in zircon/types.h.

#define ZX_CHANNEL_MAX_MSG_BYTES ((uint32_t)65536u)
#define ZX_CHANNEL_MAX_MSG_HANDLES ((uint32_t)64u)
#if ZIRCONIA_ERA >= 202104
#define ZX_CHANNEL_WRITE_USE_IOVEC ((uint32_t)2u)
#define ZX_CHANNEL_MAX_MSG_IOVECS ((uint32_t)8192u)
#endif

// A message of a channel on which calls are made begins with one of these.
typedef uint32_t zx_txid_t;

typedef struct zx_handle_info {
    zx_handle_t handle;
    zx_obj_type_t type;
    zx_rights_t rights;
    uint32_t unused;
} zx_handle_info_t;

typedef uint32_t zx_handle_op_t;

#define ZX_HANDLE_OP_MOVE ((zx_handle_op_t)0u)
#define ZX_HANDLE_OP_DUPLICATE ((zx_handle_op_t)1u)

typedef struct zx_handle_disposition {
    zx_handle_op_t operation;
    zx_handle_t handle;
    zx_obj_type_t type;
    zx_rights_t rights;
    zx_status_t result;
} zx_handle_disposition_t;

typedef struct zx_channel_call_args {
    const void *wr_bytes;
    const zx_handle_t *wr_handles;
    void *rd_bytes;
    zx_handle_t *rd_handles;
    uint32_t wr_num_bytes;
    uint32_t wr_num_handles;
    uint32_t rd_num_bytes;
    uint32_t rd_num_handles;
} zx_channel_call_args_t;

typedef struct zx_channel_call_etc_args {
    const void *wr_bytes;
    zx_handle_disposition_t *wr_handles;
    void *rd_bytes;
    zx_handle_info_t *rd_handles;
    uint32_t wr_num_bytes;
    uint32_t wr_num_handles;
    uint32_t rd_num_bytes;
    uint32_t rd_num_handles;
} zx_channel_call_etc_args_t;

// What a write with ZX_CHANNEL_WRITE_USE_IOVEC is given in place of bytes.
typedef struct zx_channel_iovec {
    const void *buffer;
    uint32_t capacity;
    uint32_t reserved;
} zx_channel_iovec_t;

// ---- Sockets ----

#define ZX_SOCKET_READABLE __ZX_OBJECT_READABLE
#define ZX_SOCKET_WRITABLE __ZX_OBJECT_WRITABLE
#define ZX_SOCKET_PEER_CLOSED __ZX_OBJECT_PEER_CLOSED
#define ZX_SOCKET_PEER_WRITE_DISABLED __ZX_OBJECT_SIGNAL_4
#define ZX_SOCKET_WRITE_DISABLED __ZX_OBJECT_SIGNAL_5
#define ZX_SOCKET_READ_THRESHOLD __ZX_OBJECT_SIGNAL_10
#define ZX_SOCKET_WRITE_THRESHOLD __ZX_OBJECT_SIGNAL_11

// Options of zx_socket_create(), and of zx_socket_shutdown(), which 2022 no longer has.
#define ZX_SOCKET_STREAM ((uint32_t)0u)
#define ZX_SOCKET_DATAGRAM ((uint32_t)1u << 0)
#define ZX_SOCKET_SHUTDOWN_WRITE ((uint32_t)1u << 0)
#define ZX_SOCKET_SHUTDOWN_READ ((uint32_t)1u << 1)
#define ZX_SOCKET_SHUTDOWN_MASK (ZX_SOCKET_SHUTDOWN_WRITE | ZX_SOCKET_SHUTDOWN_READ)

#if ZIRCONIA_ERA < 202104
#define ZX_SOCKET_CONTROL_READABLE __ZX_OBJECT_SIGNAL_6
#define ZX_SOCKET_CONTROL_WRITABLE __ZX_OBJECT_SIGNAL_7
#define ZX_SOCKET_ACCEPT __ZX_OBJECT_SIGNAL_8
#define ZX_SOCKET_SHARE __ZX_OBJECT_SIGNAL_9
#define ZX_SOCKET_READ_DISABLED ZX_SOCKET_PEER_WRITE_DISABLED
#define ZX_SOCKET_HAS_CONTROL ((uint32_t)1u << 1)
#define ZX_SOCKET_HAS_ACCEPT ((uint32_t)1u << 2)
#define ZX_SOCKET_CREATE_MASK (ZX_SOCKET_DATAGRAM | ZX_SOCKET_HAS_CONTROL | ZX_SOCKET_HAS_ACCEPT)
#define ZX_SOCKET_CONTROL ((uint32_t)1u << 2) // For zx_socket_read() and zx_socket_write().
#else
#define ZX_SOCKET_CREATE_MASK ZX_SOCKET_DATAGRAM
#define ZX_SOCKET_PEEK ((uint32_t)1u << 3) // For zx_socket_read().
#define ZX_SOCKET_DISPOSITION_WRITE_DISABLED ((uint32_t)1u << 0)
#define ZX_SOCKET_DISPOSITION_WRITE_ENABLED ((uint32_t)1u << 1)
#endif

// ---- FIFOs, logs and clocks ----

#define ZX_FIFO_READABLE __ZX_OBJECT_READABLE
#define ZX_FIFO_WRITABLE __ZX_OBJECT_WRITABLE
#define ZX_FIFO_PEER_CLOSED __ZX_OBJECT_PEER_CLOSED
#define ZX_LOG_READABLE __ZX_OBJECT_READABLE
#define ZX_LOG_WRITABLE __ZX_OBJECT_WRITABLE

#if ZIRCONIA_ERA >= 202104
#define ZX_FIFO_MAX_SIZE_BYTES ZX_PAGE_SIZE
#define ZX_CLOCK_STARTED __ZX_OBJECT_SIGNAL_4
#define ZX_CLOCK_UPDATED __ZX_OBJECT_SIGNAL_5
#endif

// ---- Streams ----

typedef uint32_t zx_stream_seek_origin_t;

typedef struct zx_iovec {
    void *buffer;
    size_t capacity;
} zx_iovec_t;

#if ZIRCONIA_ERA >= 202104
#define ZX_STREAM_MODE_READ ((uint32_t)1u << 0)
#define ZX_STREAM_MODE_WRITE ((uint32_t)1u << 1)
#if ZIRCONIA_ERA < 202209
#define ZX_STREAM_CREATE_MASK (ZX_STREAM_MODE_READ | ZX_STREAM_MODE_WRITE)
#else
#define ZX_STREAM_MODE_APPEND ((uint32_t)1u << 2)
#define ZX_STREAM_CREATE_MASK (ZX_STREAM_MODE_READ | ZX_STREAM_MODE_WRITE | ZX_STREAM_MODE_APPEND)
#endif
#define ZX_STREAM_APPEND ((uint32_t)1u << 0) // For zx_stream_writev().
#define ZX_STREAM_SEEK_ORIGIN_START ((zx_stream_seek_origin_t)0u)
#define ZX_STREAM_SEEK_ORIGIN_CURRENT ((zx_stream_seek_origin_t)1u)
#define ZX_STREAM_SEEK_ORIGIN_END ((zx_stream_seek_origin_t)2u)
#endif

// ---- Futexes ----

#ifdef __cplusplus
typedef int32_t zx_futex_t;
#else
typedef _Atomic int32_t zx_futex_t;
#endif
typedef int32_t zx_futex_storage_t;

// ---- Pagers ----

#if ZIRCONIA_ERA >= 202104
#define ZX_PAGER_OP_FAIL ((uint32_t)1u)
#define ZX_PAGER_OP_DIRTY ((uint32_t)2u)
#define ZX_PAGER_OP_WRITEBACK_BEGIN ((uint32_t)3u)
#define ZX_PAGER_OP_WRITEBACK_END ((uint32_t)4u)

#define ZX_PAGER_RESET_VMO_STATS ((uint32_t)1u)    // An option of zx_pager_query_vmo_stats().
#define ZX_PAGER_VMO_STATS_MODIFIED ((uint32_t)1u) // A value of zx_pager_vmo_stats_t.modified.

typedef struct zx_pager_vmo_stats {
    uint32_t modified;
} zx_pager_vmo_stats_t;

#define ZX_VMO_DIRTY_RANGE_IS_ZERO ((uint64_t)1u) // A bit of zx_vmo_dirty_range_t.options.

typedef struct zx_vmo_dirty_range {
    uint64_t offset;
    uint64_t length;
    uint64_t options;
} zx_vmo_dirty_range_t;
#endif

// ---- Interrupts and DMA ----

typedef uint32_t zx_paddr32_t;

// Options of zx_interrupt_create().
#define ZX_INTERRUPT_REMAP_IRQ ((uint32_t)1u)
#define ZX_INTERRUPT_MODE_DEFAULT ((uint32_t)0u << 1)
#define ZX_INTERRUPT_MODE_EDGE_LOW ((uint32_t)1u << 1)
#define ZX_INTERRUPT_MODE_EDGE_HIGH ((uint32_t)2u << 1)
#define ZX_INTERRUPT_MODE_LEVEL_LOW ((uint32_t)3u << 1)
#define ZX_INTERRUPT_MODE_LEVEL_HIGH ((uint32_t)4u << 1)
#define ZX_INTERRUPT_MODE_EDGE_BOTH ((uint32_t)5u << 1)
#define ZX_INTERRUPT_MODE_MASK ((uint32_t)0xe)
#define ZX_INTERRUPT_VIRTUAL ((uint32_t)0x10)

#define ZX_INTERRUPT_SLOT_USER ((uint32_t)62u)
#define ZX_INTERRUPT_MAX_SLOTS ((uint32_t)62u)
#define ZX_PCI_INTERRUPT_SLOT ((uint32_t)0u)

#if ZIRCONIA_ERA >= 202104
#define ZX_INTERRUPT_TIMESTAMP_MONO ((uint32_t)1u << 6)
#define ZX_INTERRUPT_BIND ((uint32_t)0u) // For zx_interrupt_bind().
#define ZX_INTERRUPT_UNBIND ((uint32_t)1u)
#define ZX_MSI_MODE_MSI_X ((uint32_t)1u)
#define ZX_VIRTUAL_INTERRUPT_UNTRIGGERED __ZX_OBJECT_SIGNAL_4
#endif

// Options of zx_bti_pin().
#define ZX_BTI_PERM_READ ((uint32_t)1u << 0)
#define ZX_BTI_PERM_WRITE ((uint32_t)1u << 1)
#define ZX_BTI_PERM_EXECUTE ((uint32_t)1u << 2)
#define ZX_BTI_COMPRESS ((uint32_t)1u << 3)
#define ZX_BTI_CONTIGUOUS ((uint32_t)1u << 4)

// ---- Processes, jobs and the system ----

#if ZIRCONIA_ERA >= 202104
#define ZX_PROCESS_SHARED ((uint32_t)1u << 0)                       // For zx_process_create().
#define ZX_JOB_CRITICAL_PROCESS_RETCODE_NONZERO ((uint32_t)1u << 0) // For zx_job_set_critical().

typedef uint32_t zx_system_event_type_t;

#define ZX_SYSTEM_EVENT_OUT_OF_MEMORY ((zx_system_event_type_t)1u)
#define ZX_SYSTEM_EVENT_MEMORY_PRESSURE_CRITICAL ((zx_system_event_type_t)2u)
#define ZX_SYSTEM_EVENT_MEMORY_PRESSURE_WARNING ((zx_system_event_type_t)3u)
#define ZX_SYSTEM_EVENT_MEMORY_PRESSURE_NORMAL ((zx_system_event_type_t)4u)
#define ZX_SYSTEM_EVENT_IMMINENT_OUT_OF_MEMORY ((zx_system_event_type_t)5u)
#endif

#endif // ZIRCON_SYSCALLS_REFUSED_TYPES_H_
