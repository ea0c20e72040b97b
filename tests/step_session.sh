#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A session with `zirconia step` at a terminal of 80 x 24, by keys, clicks and screens.
# step_session.sh TOOL GUEST DIRECTORY; 77 where there is no tmux.

set -eu
tool=$1 guest=$2 directory=$3
command -v tmux >/dev/null || { echo "skipped: there is no tmux"; exit 77; }
rm -rf "$directory"
mkdir -p "$directory"
cd "$directory"

# The socket's path must be short.
TMUX_TMPDIR=$(mktemp -d)
export TMUX_TMPDIR
unset TMUX
t() {
    tmux -f /dev/null -L step "$@"
}
trap 't kill-server 2>/dev/null || true; rm -rf "$TMUX_TMPDIR"' EXIT
trap 'exit 1' INT TERM

# Waits until a line of the screen fits; CTest has the limit.
see() {
    until t capture-pane -p >screen && grep -q -- "$1" screen; do
        t has-session 2>/dev/null || { echo "ended before: $1"; exit 1; }
        cp screen "waits-for-$(echo "$1" | tr -c 'a-z0-9\n' _)"
    done
    rm -f waits-for-*
}
press() {
    t send-keys "$@"
}
click() { # ROW COLUMN, from 0
    t send-keys -l "$(printf '\033[<0;%d;%dM\033[<0;%d;%dm' $(($2 + 1)) $(($1 + 1)) $(($2 + 1)) $(($1 + 1)))"
}
wheel_down() {
    t send-keys -l "$(printf '\033[<65;5;20M')"
}

t new-session -d -x 80 -y 24 "stty -a >before; echo 'before it'; '$tool' step '$guest' --serial 0x3f8 \
    --bell 0xe0000000 --trap-mem 0xe0001000; echo \"ended: \$?\"; stty -a >after; exec cat"
see '^>  *100000  mov ecx, 3'
[ "$(wc -l <screen)" -eq 24 ]
see '^s a step, e to the next exit'

# Keys: steps, a step back, an exit, the last one again, a packet.
press s
see '^>  *100005  dec ecx'
see 'rcx\*0000000000000003'
press Right Left b
see '^>  *100000 '
press e
see '^#1 cpuid'
press Enter
see '^#2 ept_violation'
see '^  8  *type .*GUEST_BELL'
press p p
see '^#4 io_instruction'
see '^ 16  *port  *f8 03'

# A prompt, with a mistake that is taken back; and one that is not carried out.
press u
press 0x10005fe BSpace Enter
see 'the guest has ended well'
press : step Escape b
see '^>  *10005c  out 0xf4, al'
press E
see '^#7 interrupt_window'

# Panes by number, by Tab, and by the mouse; what they show scrolls.
press 3
see '\[3 stack\]'
see '^>[0-9a-f]*  *+0 '
press Tab
see '\[4 walk\]'
see '^ PML4E  *0 at  *0: '
press w 0xe0000000 Enter
see '^ bell e0000000 to e0000fff, key 16'
press 7
see '^ delivered last: '
press 0
see '^ #1 cpuid'
press m rsp-0x10 Enter
see '\[2 memory\]'
t capture-pane -p >unscrolled
wheel_down
until t capture-pane -p >screen && ! cmp -s screen unscrolled; do :; done
[ "$(sed -n 17p unscrolled)" = "$(sed -n 14p screen)" ]
click 12 2
see '\[1 exit\]'

# A click on code sets a breakpoint, one on a register shows memory.
press A
see '^>  *100000 '
click 2 10
see '^ \* *100005 '
press c
see 'stopped at 100005'
click 5 40
see '\[2 memory\]'
see '^0000000003fffff8 '

# The keys are listed.
press ?
see '^ q  *quit'
see '^ :  *any command'
press x
see '^ zirconia step '

# Another size, and back.
t resize-window -x 100 -y 40
see '^ stack'
t resize-window -x 80 -y 24
until t capture-pane -p >screen && ! grep -q '^ stack' screen; do :; done

# The terminal is what it was.
press q
see '^before it'
see '^ended: 0'
until [ -s after ]; do :; done
cmp before after

# Ctrl-C stops a guest that runs for ever, which is shown meanwhile, and there is a way back.
printf '\363\220\353\374' >spin # pause; jmp
t respawn-window -k "'$tool' step spin; exec cat"
see '^>  *100000  pause'
press s s s c
see 'the guest runs; Ctrl-C stops it'
press C-c
see '^interrupted'
press b
see '^>  *10000[02] '
press W rip Enter c
see 'the guest runs; Ctrl-C stops it'
press C-c
see '^interrupted'
press A
see '^this is the beginning'
press q
