// SPDX-License-Identifier: MIT
//
// Their list.

#include "cli/step/command_list.h"

const struct command_words command_list[COMMANDS] = {
    [COMMAND_STEP] = {"step", "s", "[N]", "one instruction, or N"},
    [COMMAND_OVER] = {"over", "n", "[N]", "the same, a call as one"},
    [COMMAND_CONTINUE] = {"continue", "c", "", "to the next breakpoint"},
    [COMMAND_EXIT] = {"exit", "e", "[KIND]", "to the end of the next exit"},
    [COMMAND_PACKET] = {"packet", "p", "", "to the next packet"},
    [COMMAND_UNTIL] = {"until", "u", "ADDRESS", "to an address"},
    [COMMAND_BACK] = {"back", "b", "[N]", "one instruction back, or N"},
    [COMMAND_BACK_CONTINUE] = {"back-continue", "C", "", "back to a breakpoint"},
    [COMMAND_BACK_EXIT] = {"back-exit", "E", "[KIND]", "back to the end of an exit"},
    [COMMAND_BACK_PACKET] = {"back-packet", "P", "", "back to a packet"},
    [COMMAND_BACK_UNTIL] = {"back-until", "U", "ADDRESS", "back to an address"},
    [COMMAND_BEGINNING] = {"beginning", "A", "", "back to the beginning"},
    [COMMAND_INTERRUPT] = {"interrupt", "i", "VECTOR", "make a vector pending"},
    [COMMAND_TOGGLE] = {"toggle", "t", "[ADDRESS]", "a breakpoint, or none"},
    [COMMAND_BREAK] = {"break", "", "[ADDRESS]", "set a breakpoint"},
    [COMMAND_DELETE] = {"delete", "", "[ADDRESS]", "no breakpoint, or none at all"},
    [COMMAND_WATCH] = {"watch", "W", "ADDRESS[:N]", "stop when N bytes change"},
    [COMMAND_UNWATCH] = {"unwatch", "", "", "watch nothing"},
    [COMMAND_MEMORY] = {"memory", "m", "ADDRESS", "look at memory"},
    [COMMAND_WALK] = {"walk", "w", "[ADDRESS]", "how an address leads to the host"},
    [COMMAND_CODE] = {"code", "g", "[ADDRESS]", "look at code"},
    [COMMAND_REGISTERS] = {"registers", "", "", "print the registers"},
    [COMMAND_SHOW] = {"show", "", "PANE", "choose a pane"},
    [COMMAND_NEXT_PANE] = {"next-pane", "", "", "choose the next pane"},
    [COMMAND_SCROLL] = {"scroll", "", "[-]N", "scroll the pane"},
    [COMMAND_SCREEN] = {"screen", "", "[COLUMNSxROWS]", "print the screen"},
    [COMMAND_HELP] = {"help", "?", "", "this list"},
    [COMMAND_QUIT] = {"quit", "q", "", "end"},
};

void command_list_draw(struct grid *grid, const struct box *box) {
    static const char *const others[] = {
        "Space, Right  step    Left  back    Enter  the same again    Ctrl-C  stop it",
        "1 to 0, Tab   choose a pane    Up, Down, Page Up and Down, Home, wheel  scroll",
        "click         a pane's name; an instruction: a breakpoint; a register: memory",
        ":             any command: those here, break, delete, unwatch, show ...",
    };
    unsigned row = 0;
    for (size_t i = 0; i < COMMANDS; i++) {
        if (!command_list[i].key[0])
            continue;
        grid_put(grid, box, row, 1, LOOK_CHANGED, "%s", command_list[i].key);
        grid_put(grid, box, row, 4, LOOK_STRONG, "%s", command_list[i].name);
        grid_put(grid, box, row, 19, LOOK_PLAIN, "%s", command_list[i].argument);
        grid_put(grid, box, row++, 35, LOOK_PLAIN, "%s", command_list[i].help);
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        grid_put(grid, box, row++, 1, LOOK_PLAIN, "%s", others[i]);
}

void command_list_print(FILE *stream) {
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(stream, "%-2s %-14s %-15s %s\n", command_list[i].key, command_list[i].name,
                command_list[i].argument, command_list[i].help);
}
