// SPDX-License-Identifier: MIT
//
// Every public header as C++17, with the layouts that a C++ client shares with the library. It is
// compiled, once for each era, and never run: all of its checks are static.

#include <zircon/syscalls.h>

// Clients take these from the header of the calls, which in Zircon brings them along.
#if !defined(ZX_PROP_NAME) || !defined(ZX_PRIORITY_LOWEST) || !defined(ZX_PCI_MAX_BUSSES)
#error "zircon/syscalls.h does not bring zircon/syscalls/object.h, pci.h and profile.h"
#endif

#include <zircon/analyzer.h>
#include <zircon/assert.h>
#include <zircon/availability.h>
#include <zircon/compiler.h>
#include <zircon/errors.h>
#include <zircon/features.h>
#include <zircon/limits.h>
#include <zircon/listnode.h>
#include <zircon/process.h>
#include <zircon/rights.h>
#include <zircon/status.h>
#include <zircon/string_view.h>
#include <zircon/syscalls/clock.h>
#include <zircon/syscalls/debug.h>
#include <zircon/syscalls/era.h>
#include <zircon/syscalls/exception.h>
#include <zircon/syscalls/hypervisor.h>
#include <zircon/syscalls/iommu.h>
#include <zircon/syscalls/log.h>
#include <zircon/syscalls/memory_calls.h>
#include <zircon/syscalls/memory_records.h>
#include <zircon/syscalls/object.h>
#include <zircon/syscalls/pci.h>
#include <zircon/syscalls/policy.h>
#include <zircon/syscalls/port.h>
#include <zircon/syscalls/profile.h>
#include <zircon/syscalls/refused.h>
#include <zircon/syscalls/refused_types.h>
#include <zircon/syscalls/resource.h>
#include <zircon/syscalls/scheduler.h>
#include <zircon/syscalls/smc.h>
#include <zircon/syscalls/system.h>
#include <zircon/syscalls/task_calls.h>
#include <zircon/syscalls/types.h>
#include <zircon/threads.h>
#include <zircon/time.h>
#include <zircon/types.h>
#include <zirconia/coverage.h>
#include <zirconia/debug.h>
#include <zirconia/decode.h>
#include <zirconia/export.h>
#include <zirconia/gdb.h>
#include <zirconia/observe.h>
#include <zirconia/virtual_time.h>
#include <zirconia/zirconia.h>

#include <cstddef>
#include <string_view>
#include <type_traits>

#if ZIRCONIA_ERA >= 201812
static_assert(zx_duration_mul_int64(ZX_TIME_INFINITE, -2) == ZX_TIME_INFINITE_PAST);
static_assert(zx_time_from_timespec(zx_timespec_from_time(-1500000000)) == -1500000000);
#endif

#if ZIRCONIA_ERA >= 202104
static_assert(ZX_SEC(0.5) == ZX_MSEC(500) && zx_nsec_from_duration(ZX_HOUR(-1)) == -3600000000000);
static_assert(zx_duration_from_min(INT64_MAX / 2) == ZX_TIME_INFINITE);
#endif

// Headers that ask for it take GCC for what it is.
#if !defined(__clang__) && __GNUC__ < 14 && defined(__has_feature)
#error "__has_feature is the compiler's"
#endif

// What the compilers of these tests have, and a question that the others must bear.
#if __has_cpp_attribute(no_such_attribute)
#error "a compiler that has what is nowhere"
#endif
struct no_bytes {};
struct padded {
    __NO_UNIQUE_ADDRESS no_bytes nothing;
    int number;
};
static_assert(sizeof(padded) == sizeof(int) || !__has_cpp_attribute(no_unique_address));

static_assert(sizeof(zx_port_packet_t) == 48 && alignof(zx_port_packet_t) == 8);
static_assert(std::is_standard_layout_v<zx_port_packet_t> &&
              std::is_trivially_copyable_v<zx_port_packet_t>);
static_assert(offsetof(zx_port_packet_t, guest_io) == 16);
static_assert(offsetof(zx_packet_guest_io_t, data) == 4 && sizeof(zx_packet_guest_io_t) == 32);
static_assert(sizeof(bool) == 1, "packets hold bools");

static_assert(std::is_convertible_v<zx_string_view_t, std::string_view>);
static_assert(!std::is_convertible_v<zx_string_view_t, int>);
static_assert(std::is_standard_layout_v<zx_string_view_t>);

static_assert(sizeof(zirconia_2018_packet_guest_mem_t) == 32);
static_assert(offsetof(zirconia_2018_packet_guest_mem_t, default_operand_size) == 24);
static_assert(sizeof(zirconia_2022_packet_guest_mem_t) == 32);
static_assert(offsetof(zirconia_2022_packet_guest_mem_t, instruction_size) == 24);
static_assert(sizeof(zirconia_2018_packet_guest_vcpu_t) == 32);
static_assert(offsetof(zirconia_2018_packet_guest_vcpu_t, type) == 16);
static_assert(sizeof(zirconia_2022_packet_guest_vcpu_t) == 32);
static_assert(offsetof(zirconia_2022_packet_guest_vcpu_t, startup) == 8);

#if ZIRCONIA_ERA < 201812
static_assert(std::is_same_v<zx_packet_guest_mem_t, zirconia_2018_packet_guest_mem_t>);
static_assert(std::is_same_v<zx_packet_guest_vcpu_t, zirconia_201807_packet_guest_vcpu_t>);
static_assert(zx_time_add_duration(ZX_TIME_INFINITE, 1) == ZX_TIME_INFINITE);
#elif ZIRCONIA_ERA < 202209
static_assert(std::is_same_v<zx_packet_guest_mem_t, zirconia_2018_packet_guest_mem_t>);
static_assert(std::is_same_v<zx_packet_guest_vcpu_t, zirconia_2018_packet_guest_vcpu_t>);
#else
static_assert(std::is_same_v<zx_packet_guest_mem_t, zirconia_2022_packet_guest_mem_t>);
static_assert(std::is_same_v<zx_packet_guest_vcpu_t, zirconia_2022_packet_guest_vcpu_t>);
#endif

static_assert(sizeof(zx_vcpu_state_t) == 136 && offsetof(zx_vcpu_state_t, rflags) == 128);
static_assert(sizeof(zx_vcpu_io_t) == 8 && offsetof(zx_vcpu_io_t, data) == 4);
static_assert(sizeof(zx_info_handle_basic_t) == 32);
#if defined(__aarch64__) || defined(_M_ARM64)
static_assert(sizeof(zx_thread_state_vector_regs_t) == 520);
#else
static_assert(sizeof(zx_thread_state_fp_regs_t) == 160 && alignof(zx_thread_state_fp_regs_t) == 16);
static_assert(sizeof(zx_thread_state_vector_regs_t) == 2120);
#endif

static_assert(std::is_same_v<decltype(&zx_vcpu_enter), decltype(&zx_vcpu_resume)>);

// The refused calls whose parameters have changed.
template <typename... Parameters> using call = zx_status_t (*)(Parameters...);
#if ZIRCONIA_ERA < 202104
static_assert(std::is_same_v<decltype(&zx_profile_create),
                             call<zx_handle_t, const zx_profile_info_t *, zx_handle_t *>>);
static_assert(std::is_same_v<decltype(&zx_debug_read), call<zx_handle_t, char *, size_t *>>);
#else
static_assert(
    std::is_same_v<decltype(&zx_profile_create),
                   call<zx_handle_t, uint32_t, const zx_profile_info_t *, zx_handle_t *>>);
static_assert(
    std::is_same_v<decltype(&zx_debug_read), call<zx_handle_t, char *, size_t, size_t *>>);
#endif
