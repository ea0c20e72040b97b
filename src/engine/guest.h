// SPDX-License-Identifier: MIT
//
// Guest objects: a machine, its guest-physical address space and its traps.
//
// Locks: the turn guards the machine, the address space's mappings, the traps, the VPIDs and the
// list of VCPUs, the devices and what is wanted of coverage; see turn.h.

#ifndef ENGINE_GUEST_H
#define ENGINE_GUEST_H

#include "engine/cpu/cpu.h"
#include "engine/debug.h"
#include "engine/device_image.h"
#include "engine/guest_clock.h"
#include "engine/instruments/coverage.h"
#include "engine/observe.h"
#include "engine/trap_map.h"
#include "engine/turn.h"
#include "objects/address_space.h"
#include "objects/era.h"
#include "objects/object.h"

struct vcpu;

#define GUEST_PHYSICAL_SIZE (1ull << 48)
enum { VPID_COUNT = 64 };

struct guest {
    struct object object;
    struct machine *machine;
    struct address_space *space;
    struct trap_map memory_traps;
    struct trap_map port_traps;
    uint64_t vpids; // Bit n: VPID n is in use. VPID 0 never is.
    unsigned next_vpid;
    struct vcpu *vcpus[VPID_COUNT]; // By VPID. Borrowed: each is there until it is destroyed.
    struct observation observation;
    struct turn turn;
    struct guest_clock clock;
    struct devices devices;
    struct coverage_wish coverage;
    struct debugger debugger;
};

zx_status_t guest_create(struct guest **out);

static inline struct guest *guest_from_object(struct object *object) {
    return (struct guest *)object;
}

// hypervisor ABI 3.2, from the checks of addresses on; `port` NULL unless the kind is BELL.
zx_status_t guest_set_trap(struct guest *guest, const struct trap *trap, struct port *port,
                           const struct era *era);

// The first VCPU whose VPID is *vpid or more, and sets *vpid to its VPID; NULL when there is none.
// The caller has the guest's turn.
struct vcpu *guest_next_vcpu(const struct guest *guest, unsigned *vpid);

// One of its VCPUs is in a run call. The guest's turn is held.
bool guest_is_running(const struct guest *guest);

// 0 when none is left.
unsigned guest_take_vpid(struct guest *guest);
void guest_give_vpid(struct guest *guest, unsigned vpid);

#endif // ENGINE_GUEST_H
