// SPDX-License-Identifier: MIT
//
// `zirconia lesson`: lists lessons, tells the goal of one, or judges what a guest does.

#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/lesson.h"
#include "cli/numbers.h"
#include "cli/talk.h"

enum { WIDTH = 80 };

static void print_help(void) {
    help_print(SUBCOMMAND_LESSON,
               "  zirconia lesson                  list the lessons\n"
               "  zirconia lesson 2                tell what a guest is to do\n"
               "  zirconia lesson 2 mine.bin       run a guest, and say whether it does so\n",
               "Small guests to write, to learn what a guest, the kernel and a VMM do.\n");
}

static void print_list(void) {
    for (size_t i = 0; i < lesson_count; i++)
        printf("%4zu  %s\n", i + 1, lessons[i].title);
    printf("\nzirconia lesson 1 tells the first goal.\n");
}

static void print_goal(const struct lesson *lesson, size_t number) {
    printf("Lesson %zu: %s\n"
           "\n"
           "%s\n"
           "\n"
           "Begin with %02zu-%s.asm, in share/zirconia/lessons/ or examples/lessons/.\n"
           "The page %02zu-%s.md tells more. Then:\n"
           "\n"
           "  nasm -f bin -o mine.bin %02zu-%s.asm\n"
           "  zirconia lesson %zu mine.bin\n",
           number, lesson->title, lesson->goal, number, lesson->name, number, lesson->name, number,
           lesson->name, number);
}

static int judge(const struct lesson *lesson, size_t number, const char *image) {
    static struct lesson_record record;
    const int code = lesson_run(lesson, image, &record);
    if (code != EXIT_CODE_OK)
        return code;
    struct text text = {0};
    if (!lesson_judge(lesson, &record, &text)) {
        text_wrap(&text, WIDTH, 0);
        text_write_line(&text, stdout);
        return EXIT_CODE_GUEST_FAILED;
    }
    if (number < lesson_count)
        printf("Right. Next: zirconia lesson %zu\n", number + 1);
    else
        printf("Right. That was the last lesson.\n");
    return EXIT_CODE_OK;
}

int command_lesson(int count, char **words) {
    uint64_t number = 0;
    if (count == 0) {
        print_list();
        return EXIT_CODE_OK;
    }
    for (int i = 0; i < count; i++) {
        if (strcmp(words[i], "--help") == 0 || strcmp(words[i], "-h") == 0) {
            print_help();
            return EXIT_CODE_OK;
        }
    }
    if (!parse_number(words[0], &number) || number == 0 || number > lesson_count) {
        talk("there is no lesson '%s'; zirconia lesson lists them", words[0]);
        return EXIT_CODE_USAGE;
    }
    if (count > 2) {
        talk("one image is enough: '%s'", words[2]);
        return EXIT_CODE_USAGE;
    }
    const struct lesson *lesson = &lessons[number - 1];
    if (count == 2)
        return judge(lesson, (size_t)number, words[1]);
    print_goal(lesson, (size_t)number);
    return EXIT_CODE_OK;
}
