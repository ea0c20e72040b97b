// SPDX-License-Identifier: MIT
//
// The clock with CMOS memory of a PC (Motorola MC146818): the host's time in UTC, without alarms
// and interrupts. Setting the time has no effect.

#ifndef EXAMPLES_LINUX_RTC_H
#define EXAMPLES_LINUX_RTC_H

#include <stdbool.h>
#include <stdint.h>

struct rtc {
    uint8_t selected;
    uint8_t memory[128];
    bool stands; // At the first second of 2026: in virtual time, runs repeat.
};

void rtc_reset(struct rtc *rtc, bool stands);
void rtc_write(struct rtc *rtc, unsigned offset, uint8_t value);
uint8_t rtc_read(const struct rtc *rtc, unsigned offset);

#endif // EXAMPLES_LINUX_RTC_H
