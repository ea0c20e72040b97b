// SPDX-License-Identifier: MIT
//
// The order of locks. A thread that holds a lock takes only locks of a higher rank, so locks of one
// rank are never held together; those of the last rank are leaves. docs/design.md has the same
// table and says what each lock guards; the test `lock_ranks` compares the two.

#ifndef PLATFORM_LOCK_RANK_H
#define PLATFORM_LOCK_RANK_H

// clang-format off
#define LOCK_RANKS(X) \
    X(LOCK_VMO_RESIZING, 1, "vmo.resizing") \
    X(LOCK_ADDRESS_SPACE_GATE, 2, "address_space.gate") \
    X(LOCK_GUEST_TURN, 3, "the guest's turn") \
    X(LOCK_VMO, 4, "vmo.lock") \
    X(LOCK_TIMER, 5, "timer.lock") \
    X(LOCK_EXCEPTION_CHANNEL, 6, "exception_channel.lock") \
    X(LOCK_OBJECT, 7, "object.lock") \
    X(LOCK_PORT, 8, "port.lock") \
    X(LOCK_EXCEPTION_BINDINGS, 9, "the lock of all exception bindings") \
    X(LOCK_THREADS, 10, "the lock of the list of threads") \
    X(LOCK_BLOCKING, 11, "blocking.lock") \
    X(LOCK_VCPU, 12, "vcpu.lock") \
    X(LOCK_TURN, 13, "turn.lock") \
    X(LOCK_LAYOUT, 14, "the layout's lock") \
    X(LOCK_LOCAL_APIC, 14, "local_apic.lock") \
    X(LOCK_DEBUG_REGISTERS, 15, "the debug registers' lock") \
    X(LOCK_ENGINES, 15, "the engines' lock") \
    X(LOCK_EVENT_PAIR, 15, "an eventpair's lock") \
    X(LOCK_GUEST_CLOCK, 15, "guest_clock.lock") \
    X(LOCK_HANDLE_TABLE, 15, "the handle table's lock") \
    X(LOCK_LOG, 15, "the log's lock") \
    X(LOCK_OBSERVATION, 15, "observation.lock") \
    X(LOCK_PACKET_POOL, 15, "packet_pool.lock") \
    X(LOCK_SEMAPHORE, 15, "the portable semaphore's lock") \
    X(LOCK_SUPPLY, 15, "supply.lock") \
    X(LOCK_TIMER_QUEUE, 15, "the timer queue's lock")

enum lock_rank {
    LOCK_UNRANKED, // A test's own: it may be taken in any order.
#define LOCK_CONSTANT(constant, rank, name) constant,
    LOCK_RANKS(LOCK_CONSTANT)
#undef LOCK_CONSTANT
    LOCK_RANK_COUNT,
};
// clang-format on

#endif // PLATFORM_LOCK_RANK_H
