; Calls code, RCX times, that the host changes all the while: it ends in an exception, whatever it is
; just then. A byte of its page that is stored to has it translated anew each time. RSI is where it
; begins.
%include "common.inc"
    bits 64
    org 0x10000
    mov r8, rsi
    mov r9, rcx
    load_tables
again:
    mov esp, STACK_0
    sub r9, 1
    jz .end
    mov [r8 + 0x100], r9b
    mov [r8 + 0xe00], r9b
    jmp r8
.end:
    done
on_vector:
    jmp again
    tables
