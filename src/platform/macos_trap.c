// SPDX-License-Identifier: MIT
//
// Why a page fault is one on macOS. Where nothing is mapped it raises SIGSEGV, and everything else
// is SIGBUS: what may be touched so, by its protection, ends before.

#include "platform/posix_trap.h"

#include <mach/mach.h>

// What the access needs.
static vm_prot_t wanted(const struct posix_trap *trap) {
#if defined(__x86_64__)
    enum { STORES = 1 << 1, FETCHES = 1 << 4 }; // Intel's manual, volume 3, figure 4-12.
    const bool stores = (trap->error & STORES) != 0;
    const bool fetches = (trap->error & FETCHES) != 0;
#else
    enum { STORES = 1 << 6, CODE_ABORT = 0x20 };
    const bool fetches = (trap->code >> 26 & 0x3f) == CODE_ABORT;
    const bool stores = !fetches && (trap->code & STORES) != 0;
#endif
    return fetches ? VM_PROT_EXECUTE : stores ? VM_PROT_WRITE : VM_PROT_READ;
}

// A call to the kernel that takes no lock of this process and allocates nothing in it.
static bool is_permitted(const struct posix_trap *trap) {
    vm_address_t address = (vm_address_t)trap->address;
    vm_size_t size = 0;
    vm_region_basic_info_data_64_t region;
    mach_msg_type_number_t count = VM_REGION_BASIC_INFO_COUNT_64;
    mach_port_t object = MACH_PORT_NULL;
    return vm_region_64(mach_task_self(), &address, &size, VM_REGION_BASIC_INFO_64,
                        (vm_region_info_t)&region, &count, &object) == KERN_SUCCESS &&
           address <= trap->address && (region.protection & wanted(trap)) != 0;
}

uint32_t posix_trap_why(const struct posix_trap *trap, int number, const siginfo_t *info) {
    (void)info;
    if (number == SIGSEGV) {
        return (uint32_t)ZX_ERR_NOT_FOUND;
    }
    return (uint32_t)(is_permitted(trap) ? ZX_ERR_OUT_OF_RANGE : ZX_ERR_ACCESS_DENIED);
}
