// SPDX-License-Identifier: MIT
//
// Running a suite; see the header. As the program is started, it has the list of all cases and runs
// itself for each. As it runs itself, it gives Check the one case.

#include "run_tests.h"

#include "run_process.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

// Check's own, by which the header's are made.
#undef tcase_create
#undef tcase_set_timeout

enum { MOST_TCASES = 32, DEFAULT_TIMEOUT = 4 };

struct tcase {
    TCase *tcase;
    const char *name;
    double timeout; // In seconds; 0: none.
};

// A test, or one iteration of one in a loop.
struct one_case {
    const struct tcase *tcase;
    const TTest *test;
    int iteration;
    int signal; // By which it is to end, or 0.
};

static struct tcase tcases[MOST_TCASES];
static size_t tcase_count;
static struct one_case *cases;
static size_t case_count;

static void require(bool condition, const char *what) {
    if (!condition) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}

// --- The list ---

TCase *note_tcase(const char *name) {
    require(tcase_count < MOST_TCASES, "too many of Check's cases");
    TCase *tcase = tcase_create(name);
    tcases[tcase_count++] = (struct tcase){tcase, name, DEFAULT_TIMEOUT};
    return tcase;
}

static struct tcase *find_tcase(const TCase *tcase) {
    size_t i = 0;
    while (i + 1 < tcase_count && tcases[i].tcase != tcase) {
        i++;
    }
    return &tcases[i];
}

void note_timeout(TCase *tcase, double seconds) {
    find_tcase(tcase)->timeout = seconds;
}

static bool runs_itself(size_t *number) {
    const char *chosen = getenv("ZIRCONIA_TEST_CASE");
    *number = chosen != NULL ? (size_t)strtoul(chosen, NULL, 10) : 0;
    return chosen != NULL;
}

void note_tests(TCase *tcase, const TTest *test, int signal, int start, int end) {
    size_t chosen = 0;
    if (runs_itself(&chosen)) {
        const int iteration = start + (int)(chosen - case_count);
        if (chosen >= case_count && iteration < end) {
            _tcase_add_test(tcase, test, signal, 0, iteration, iteration + 1);
        }
        case_count += (size_t)(end - start);
        return;
    }
    const size_t count = case_count + (size_t)(end - start);
    struct one_case *more = realloc(cases, count * sizeof(*cases));
    require(count == 0 || more != NULL, "no memory for the list of cases");
    cases = more;
    for (int i = start; i < end; i++) {
        cases[case_count++] = (struct one_case){find_tcase(tcase), test, i, signal};
    }
}

// --- All of them ---

static double time_limit(const struct one_case *one) {
    const char *multiplier = getenv("CK_TIMEOUT_MULTIPLIER");
    return one->tcase->timeout * (multiplier != NULL ? strtod(multiplier, NULL) : 1);
}

// Check's own words, which scripts/check-coverage reads.
static void log_case(FILE *log, const struct one_case *one, char outcome, const char *what) {
    if (log != NULL) {
        fprintf(log, "%s:%d:%c:%s:%s:%d: %s\n", one->test->file, one->test->line, outcome,
                one->tcase->name, one->test->name, one->iteration, what);
    }
}

// Tells of a case that ended without telling of itself.
static const char *describe(const struct process_end *end, char *text, size_t size) {
    if (end->timed_out) {
        return "took too long";
    }
    if (end->signal != 0) {
        snprintf(text, size, "ended by signal %d", end->signal);
        return text;
    }
    if (end->code != EXIT_FAILURE) {
        snprintf(text, size, "ended with %#x", (unsigned)end->code);
        return text;
    }
    return "failed";
}

static bool run_one(FILE *log, size_t number) {
    const struct one_case *one = &cases[number];
    char text[64];
    snprintf(text, sizeof(text), "%zu", number);
    const struct process_end end = process_run_itself("ZIRCONIA_TEST_CASE", text, time_limit(one));
    const bool passed =
        !end.timed_out && end.signal == one->signal && (one->signal != 0 || end.code == 0);
    if (passed) {
        log_case(log, one, 'P', "Passed");
        return true;
    }
    const char *what = describe(&end, text, sizeof(text));
    log_case(log, one, end.code == EXIT_FAILURE && end.signal == 0 ? 'F' : 'E', what);
    printf("%s:%d: %s:%s:%d: %s\n", one->test->file, one->test->line, one->tcase->name,
           one->test->name, one->iteration, what);
    return false;
}

static int run_all(void) {
    const char *log_name = getenv("CK_LOG_FILE_NAME");
    FILE *log = log_name != NULL ? fopen(log_name, "w") : NULL;
    size_t failed = 0;
    for (size_t i = 0; i < case_count; i++) {
        fflush(stdout);
        failed += run_one(log, i) ? 0 : 1;
    }
    printf("%zu cases, %zu failed\n", case_count, failed);
    if (log != NULL) {
        fclose(log);
    }
    free(cases);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

// --- One of them ---

// Takes the place of Check's function of that name in everything that is compiled with the tests:
// without fork() Check would jump out of the test, also from threads other than the one that runs
// it. Other threads may still run here, and hold what the orderly end of a process needs.
void note_failure(const char *file, int line, const char *expr, const char *msg, ...) {
    va_list arguments;
    va_start(arguments, msg);
    printf("%s:%d: ", file, line);
    if (msg != NULL) {
        vprintf(msg, arguments);
    } else {
        fputs(expr, stdout);
    }
    va_end(arguments);
    printf("\n");
    fflush(NULL);
    _Exit(EXIT_FAILURE);
}

static void run_chosen(SRunner *runner) {
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_SILENT);
    require(srunner_ntests_failed(runner) == 0, "a failure that was not noted");
}

int run_suite(Suite *suite) {
    size_t number = 0;
    SRunner *runner = srunner_create(suite);
    int result = EXIT_SUCCESS;
    if (runs_itself(&number)) {
        process_forget("ZIRCONIA_TEST_CASE", "CK_LOG_FILE_NAME");
        run_chosen(runner);
    } else {
        result = run_all();
    }
    srunner_free(runner);
    return result;
}

int run_tests(const char *name, const TTest *const *tests, size_t count) {
    Suite *suite = suite_create(name);
    TCase *tcase = note_tcase(name);
    note_timeout(tcase, 120); // For busy machines: none takes a tenth of it on its own.
    for (size_t i = 0; i < count; i++) {
        tcase_add_test(tcase, tests[i]);
    }
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
