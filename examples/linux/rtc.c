// SPDX-License-Identifier: MIT
//
// Its registers: the parts of the time as two decimal digits each, and behind them those that say
// how it works.

#include "rtc.h"

#include <time.h>

enum {
    SECONDS = 0,
    MINUTES = 2,
    HOURS = 4,
    DAY_OF_WEEK = 6,
    DAY_OF_MONTH = 7,
    MONTH = 8,
    YEAR = 9,
    CONTROL_A = 10,
    CONTROL_B = 11,
    CONTROL_D = 13,
    CENTURY = 0x32,
};

#define OSCILLATOR_RUNS 0x26
#define HOURS_TO_24 0x02
#define TIME_IS_VALID 0x80

#define FIRST_OF_2026 1767225600

struct date {
    int64_t year;
    unsigned month; // From 1 on.
    unsigned day;
};

// The days since 1970 in years that begin in March, so that the leap day is the last.
static struct date date_of(int64_t days) {
    days += 719468;
    const int64_t era = days / 146097;
    const unsigned day = (unsigned)(days % 146097);
    const unsigned year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    const unsigned day_of_year = day - (365 * year + year / 4 - year / 100);
    const unsigned month = (5 * day_of_year + 2) / 153;
    return (struct date){
        .year = era * 400 + year + (month >= 10),
        .month = month < 10 ? month + 3 : month - 9,
        .day = day_of_year - (153 * month + 2) / 5 + 1,
    };
}

static uint8_t digits(int64_t value) {
    return (uint8_t)(value % 100 / 10 << 4 | value % 10);
}

void rtc_reset(struct rtc *rtc, bool stands) {
    *rtc = (struct rtc){.stands = stands};
    rtc->memory[CONTROL_A] = OSCILLATOR_RUNS;
    rtc->memory[CONTROL_D] = TIME_IS_VALID;
}

void rtc_write(struct rtc *rtc, unsigned offset, uint8_t value) {
    if (offset == 0) {
        rtc->selected = value & 0x7f;
    } else if (rtc->selected != CONTROL_D) {
        rtc->memory[rtc->selected] = value;
    }
}

uint8_t rtc_read(const struct rtc *rtc, unsigned offset) {
    const int64_t now = rtc->stands ? FIRST_OF_2026 : (int64_t)time(NULL);
    const struct date date = date_of(now / 86400);
    if (offset == 0) {
        return rtc->selected;
    }
    switch (rtc->selected) {
    case SECONDS:
        return digits(now % 60);
    case MINUTES:
        return digits(now / 60 % 60);
    case HOURS:
        return digits(now / 3600 % 24);
    case DAY_OF_WEEK: // The first day of 1970 was a Thursday; Sunday is 1.
        return digits((now / 86400 + 4) % 7 + 1);
    case DAY_OF_MONTH:
        return digits(date.day);
    case MONTH:
        return digits(date.month);
    case YEAR:
        return digits(date.year);
    case CENTURY:
        return digits(date.year / 100);
    case CONTROL_B: // Hours count to 24 and numbers are decimal, whatever was written.
        return HOURS_TO_24;
    default:
        return rtc->memory[rtc->selected];
    }
}
