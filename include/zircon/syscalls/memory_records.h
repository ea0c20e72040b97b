// SPDX-License-Identifier: MIT
//
// Records of zx_object_get_info() about memory: VMOs, mappings, and what tasks and the system use
// of it. Part of zircon/syscalls/object.h. A record that has grown over the years has a type for
// each of its versions, _v1 and so on, and the plain name is the newest of the era in force, as a
// type and, by a macro, as a tag.

#ifndef ZIRCON_SYSCALLS_MEMORY_RECORDS_H_
#define ZIRCON_SYSCALLS_MEMORY_RECORDS_H_

#include <zircon/types.h>

// ---- ZX_INFO_VMO, ZX_INFO_PROCESS_VMOS ----

// Flags. TYPE_PHYSICAL is the absence of TYPE_PAGED.
#define ZX_INFO_VMO_TYPE_PAGED (1u << 0)
#define ZX_INFO_VMO_TYPE_PHYSICAL (0u << 0)
#define ZX_INFO_VMO_TYPE(flags) ((flags) & (1u << 0))
#define ZX_INFO_VMO_IS_COW_CLONE (1u << 2)
#define ZX_INFO_VMO_VIA_HANDLE (1u << 3)
#define ZX_INFO_VMO_VIA_MAPPING (1u << 4)
#if ZIRCONIA_ERA >= 202104
#define ZX_INFO_VMO_RESIZABLE (1u << 1)
#define ZX_INFO_VMO_PAGER_BACKED (1u << 5)
#define ZX_INFO_VMO_CONTIGUOUS (1u << 6)
#define ZX_INFO_VMO_DISCARDABLE (1u << 7)
#define ZX_INFO_VMO_IMMUTABLE (1u << 8)
#define ZX_INFO_VMO_VIA_IOB_HANDLE (1u << 9)
#endif

// 2018, when the topic had no versions.
typedef struct zirconia_2018_info_vmo {
    zx_koid_t koid;
    char name[ZX_MAX_NAME_LEN];
    uint64_t size_bytes;
    zx_koid_t parent_koid; // 0 for a VMO that is no clone.
    size_t num_children;
    size_t num_mappings;
    size_t share_count; // Address spaces that it is mapped into, about.
    uint32_t flags;     // ZX_INFO_VMO_
    uint64_t committed_bytes;
    zx_rights_t handle_rights; // With ZX_INFO_VMO_VIA_HANDLE.
    uint32_t create_options;   // Bit 0: resizable; bit 1: contiguous.
    uint32_t cache_policy;     // ZX_CACHE_POLICY_
} zirconia_2018_info_vmo_t;

typedef struct zx_info_vmo_v1 {
    zx_koid_t koid;
    char name[ZX_MAX_NAME_LEN];
    uint64_t size_bytes;
    zx_koid_t parent_koid; // 0 for a VMO that is no child.
    size_t num_children;
    size_t num_mappings;
    size_t share_count; // Address spaces that it is mapped into, about.
    uint32_t flags;     // ZX_INFO_VMO_
    uint8_t padding1[4];
    uint64_t committed_bytes;
    zx_rights_t handle_rights; // With ZX_INFO_VMO_VIA_HANDLE.
    uint32_t cache_policy;     // ZX_CACHE_POLICY_
} zx_info_vmo_v1_t;

// Version 1, and two fields.
typedef struct zx_info_vmo_v2 {
    zx_koid_t koid;
    char name[ZX_MAX_NAME_LEN];
    uint64_t size_bytes;
    zx_koid_t parent_koid;
    size_t num_children;
    size_t num_mappings;
    size_t share_count;
    uint32_t flags;
    uint8_t padding1[4];
    uint64_t committed_bytes;
    zx_rights_t handle_rights;
    uint32_t cache_policy;
    uint64_t metadata_bytes;          // What the kernel keeps about the VMO.
    uint64_t committed_change_events; // How often it changed committed_bytes by itself.
} zx_info_vmo_v2_t;

// Version 2, and a field.
typedef struct zx_info_vmo_v3 {
    zx_koid_t koid;
    char name[ZX_MAX_NAME_LEN];
    uint64_t size_bytes;
    zx_koid_t parent_koid;
    size_t num_children;
    size_t num_mappings;
    size_t share_count;
    uint32_t flags;
    uint8_t padding1[4];
    uint64_t committed_bytes;
    zx_rights_t handle_rights;
    uint32_t cache_policy;
    uint64_t metadata_bytes;
    uint64_t committed_change_events;
    uint64_t populated_bytes; // Committed, or compressed.
} zx_info_vmo_v3_t;

// Version 3, and what is shared with other VMOs by copy on write. A byte is private when this VMO
// alone has it; scaled, it counts for its share, and the fractions have 63 bits after the point.
typedef struct zx_info_vmo_v4 {
    zx_koid_t koid;
    char name[ZX_MAX_NAME_LEN];
    uint64_t size_bytes;
    zx_koid_t parent_koid;
    size_t num_children;
    size_t num_mappings;
    size_t share_count;
    uint32_t flags;
    uint8_t padding1[4];
    uint64_t committed_bytes;
    zx_rights_t handle_rights;
    uint32_t cache_policy;
    uint64_t metadata_bytes;
    uint64_t committed_change_events;
    uint64_t populated_bytes;
    uint64_t committed_private_bytes;
    uint64_t populated_private_bytes;
    uint64_t committed_scaled_bytes;
    uint64_t populated_scaled_bytes;
    uint64_t committed_fractional_scaled_bytes;
    uint64_t populated_fractional_scaled_bytes;
} zx_info_vmo_v4_t;

#if ZIRCONIA_ERA < 202104
typedef zirconia_2018_info_vmo_t zx_info_vmo_t;
#define zx_info_vmo zirconia_2018_info_vmo
#elif ZIRCONIA_ERA < 202209
typedef zx_info_vmo_v2_t zx_info_vmo_t;
#define zx_info_vmo zx_info_vmo_v2
#else
typedef zx_info_vmo_v4_t zx_info_vmo_t;
#define zx_info_vmo zx_info_vmo_v4
#endif

// ---- ZX_INFO_PROCESS_MAPS: an address space, its regions, and the mappings in them ----

typedef uint32_t zx_info_maps_type_t;

#define ZX_INFO_MAPS_TYPE_NONE ((zx_info_maps_type_t)0u)
#define ZX_INFO_MAPS_TYPE_ASPACE ((zx_info_maps_type_t)1u)
#define ZX_INFO_MAPS_TYPE_VMAR ((zx_info_maps_type_t)2u)
#define ZX_INFO_MAPS_TYPE_MAPPING ((zx_info_maps_type_t)3u)

// 2018 and 2021 too.
typedef struct zx_info_maps_mapping_v1 {
    zx_vm_option_t mmu_flags; // ZX_VM_PERM_
    uint8_t padding1[4];
    zx_koid_t vmo_koid;
    uint64_t vmo_offset;
    size_t committed_pages;
} zx_info_maps_mapping_v1_t;

typedef struct zx_info_maps_mapping_v2 {
    zx_vm_option_t mmu_flags;
    uint8_t padding1[4];
    zx_koid_t vmo_koid;
    uint64_t vmo_offset;
    size_t committed_pages;
    size_t populated_pages;
} zx_info_maps_mapping_v2_t;

typedef struct zx_info_maps_mapping_v3 {
    zx_vm_option_t mmu_flags;
    uint8_t padding1[4];
    zx_koid_t vmo_koid;
    uint64_t vmo_offset;
    size_t committed_bytes;
    size_t populated_bytes;
    size_t committed_private_bytes;
    size_t populated_private_bytes;
    size_t committed_scaled_bytes;
    size_t populated_scaled_bytes;
    uint64_t committed_fractional_scaled_bytes;
    uint64_t populated_fractional_scaled_bytes;
} zx_info_maps_mapping_v3_t;

typedef struct zx_info_maps_v1 {
    char name[ZX_MAX_NAME_LEN];
    zx_vaddr_t base;
    size_t size;
    size_t depth; // In the tree, whose nodes come depth first.
    zx_info_maps_type_t type;
    uint8_t padding1[4];
    union {
        zx_info_maps_mapping_v1_t mapping; // ZX_INFO_MAPS_TYPE_MAPPING
    } u;
} zx_info_maps_v1_t;

typedef struct zx_info_maps_v2 {
    char name[ZX_MAX_NAME_LEN];
    zx_vaddr_t base;
    size_t size;
    size_t depth;
    zx_info_maps_type_t type;
    uint8_t padding1[4];
    union {
        zx_info_maps_mapping_v2_t mapping;
    } u;
} zx_info_maps_v2_t;

typedef struct zx_info_maps_v3 {
    char name[ZX_MAX_NAME_LEN];
    zx_vaddr_t base;
    size_t size;
    size_t depth;
    zx_info_maps_type_t type;
    uint8_t padding1[4];
    union {
        zx_info_maps_mapping_v3_t mapping;
    } u;
} zx_info_maps_v3_t;

#if ZIRCONIA_ERA < 202209
typedef zx_info_maps_mapping_v1_t zx_info_maps_mapping_t;
#define zx_info_maps_mapping zx_info_maps_mapping_v1
typedef zx_info_maps_v1_t zx_info_maps_t;
#define zx_info_maps zx_info_maps_v1
#else
typedef zx_info_maps_mapping_v3_t zx_info_maps_mapping_t;
#define zx_info_maps_mapping zx_info_maps_mapping_v3
typedef zx_info_maps_v3_t zx_info_maps_t;
#define zx_info_maps zx_info_maps_v3
#endif

// ---- ZX_INFO_TASK_STATS ----

// 2018 and 2021 too.
typedef struct zx_info_task_stats_v1 {
    size_t mem_mapped_bytes;
    size_t mem_private_bytes; // Committed, and mapped into this task alone.
    size_t mem_shared_bytes;
    size_t mem_scaled_shared_bytes; // Each byte counted for its share.
} zx_info_task_stats_v1_t;

typedef struct zx_info_task_stats_v2 {
    size_t mem_mapped_bytes;
    size_t mem_private_bytes;
    size_t mem_shared_bytes;
    size_t mem_scaled_shared_bytes;
    uint64_t mem_fractional_scaled_shared_bytes; // 63 bits after the point.
} zx_info_task_stats_v2_t;

#if ZIRCONIA_ERA < 202209
typedef zx_info_task_stats_v1_t zx_info_task_stats_t;
#define zx_info_task_stats zx_info_task_stats_v1
#else
typedef zx_info_task_stats_v2_t zx_info_task_stats_t;
#define zx_info_task_stats zx_info_task_stats_v2
#endif

// ---- ZX_INFO_KMEM_STATS and its sisters: the whole system ----

// 2018 and 2021 too.
typedef struct zx_info_kmem_stats_v1 {
    uint64_t total_bytes;
    uint64_t free_bytes;
    uint64_t wired_bytes;
    uint64_t total_heap_bytes;
    uint64_t free_heap_bytes;
    uint64_t vmo_bytes;
    uint64_t mmu_overhead_bytes;
    uint64_t ipc_bytes;
    uint64_t other_bytes;
} zx_info_kmem_stats_v1_t;

typedef struct zx_info_kmem_stats_v2 {
    uint64_t total_bytes;
    uint64_t free_bytes;
    uint64_t free_loaned_bytes;
    uint64_t wired_bytes;
    uint64_t total_heap_bytes;
    uint64_t free_heap_bytes;
    uint64_t vmo_bytes;
    uint64_t mmu_overhead_bytes;
    uint64_t ipc_bytes;
    uint64_t cache_bytes;
    uint64_t slab_bytes;
    uint64_t zram_bytes;
    uint64_t other_bytes;
    uint64_t vmo_reclaim_total_bytes;
    uint64_t vmo_reclaim_newest_bytes;
    uint64_t vmo_reclaim_oldest_bytes;
    uint64_t vmo_reclaim_disabled_bytes;
    uint64_t vmo_discardable_locked_bytes;
    uint64_t vmo_discardable_unlocked_bytes;
} zx_info_kmem_stats_v2_t;

#if ZIRCONIA_ERA < 202209
typedef zx_info_kmem_stats_v1_t zx_info_kmem_stats_t;
#define zx_info_kmem_stats zx_info_kmem_stats_v1
#else
typedef zx_info_kmem_stats_v2_t zx_info_kmem_stats_t;
#define zx_info_kmem_stats zx_info_kmem_stats_v2
#endif

#if ZIRCONIA_ERA >= 202104
typedef struct zx_info_kmem_stats_extended {
    uint64_t total_bytes;
    uint64_t free_bytes;
    uint64_t wired_bytes;
    uint64_t total_heap_bytes;
    uint64_t free_heap_bytes;
    uint64_t vmo_bytes;
    uint64_t vmo_pager_total_bytes;
    uint64_t vmo_pager_newest_bytes;
    uint64_t vmo_pager_oldest_bytes;
    uint64_t vmo_discardable_locked_bytes;
    uint64_t vmo_discardable_unlocked_bytes;
    uint64_t mmu_overhead_bytes;
    uint64_t ipc_bytes;
    uint64_t other_bytes;
#if ZIRCONIA_ERA >= 202209
    uint64_t vmo_reclaim_disabled_bytes;
#endif
} zx_info_kmem_stats_extended_t;
#endif

#endif // ZIRCON_SYSCALLS_MEMORY_RECORDS_H_
